/**
 * The page in which one engine runs: `session.html?engine=NAME`. The runner calls `ask`; the page that measures
 * in the reader's own browser has it in a frame and sends messages.
 */
import type { Engine } from "../contract.ts";
import { ENGINES, isEngineName } from "../runner/engines.ts";
import { GpuMeter } from "../runner/gpu-meter.ts";
import { type Command, Session } from "../runner/session.ts";

declare global {
  interface Window {
    ask: (command: Command) => Promise<unknown>;
  }
}

const name = new URLSearchParams(location.search).get("engine") ?? "";
const entry = isEngineName(name) ? ENGINES[name] : undefined;
const meter = new GpuMeter(entry?.device === "webgpu" ? globalThis : {});

async function open(): Promise<Session> {
  if (entry?.module === undefined) throw new Error(`no engine ${name} runs in a page.`);
  const address = new URL(`./${entry.module}/entry.js`, location.href).href;
  // Built apart from this page, so that a peer that does not build harms nobody else.
  const { createEngine } = (await import(/* @vite-ignore */ address)) as {
    readonly createEngine: (name: string) => Engine;
  };
  return new Session(createEngine(name), meter);
}

let session: Promise<Session> | undefined;

window.ask = async (command) => {
  session ??= open();
  return (await session).answer(command);
};

interface Question {
  readonly id: number;
  readonly command: Command;
}

window.addEventListener("message", ({ data, source, origin }: MessageEvent<Question>) => {
  if (origin !== location.origin || source === null) return;
  const answer = (content: object) =>
    source.postMessage({ id: data.id, ...content }, { targetOrigin: origin });
  window.ask(data.command).then(
    (value) => answer({ value }),
    (error: unknown) => answer({ error: String(error) }),
  );
});
if (window.parent !== window) window.parent.postMessage({ ready: true }, location.origin);
