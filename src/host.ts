/**
 * Globals that simulated pages lack: Jest's jsdom has no TextEncoder, TextDecoder, MessageChannel, DecompressionStream or
 * structuredClone. Node has most of them behind its modules all the same.
 */
import { GradgpuError } from "./errors.ts";

interface Hosted {
  readonly TextEncoder: typeof TextEncoder;
  readonly TextDecoder: typeof TextDecoder;
  readonly MessageChannel: typeof MessageChannel;
  readonly DecompressionStream: typeof DecompressionStream;
  readonly structuredClone: typeof structuredClone;
}

/** No module of Node's has structuredClone. */
const IN_NODE: Readonly<Partial<Record<keyof Hosted, string>>> = {
  TextEncoder: "node:util",
  TextDecoder: "node:util",
  MessageChannel: "node:worker_threads",
  DecompressionStream: "node:stream/web",
};

/** The global `name`. @throws GradgpuError where the host has none */
export function hosted<Name extends keyof Hosted>(name: Name): Hosted[Name] {
  const host = globalThis as Partial<Hosted> & { readonly process?: NodeJS.Process };
  const module = IN_NODE[name];
  const inNode = module && host.process?.getBuiltinModule?.(module);
  const found = host[name] ?? (inNode as Partial<Hosted> | undefined)?.[name];
  if (found !== undefined) return found;
  throw new GradgpuError(
    `gradgpu: the host must have ${name}; got none. Set globalThis.${name}, in a simulated page by a setup file of its tests.`,
  );
}

/** The bytes of `text`, of this realm: those of Node's encoder are of another one in a simulated page. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new (hosted("TextEncoder"))().encode(text));
}
