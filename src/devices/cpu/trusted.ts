import type { WorkerUrl } from "../opener.ts";

/** The parts of the page's `trustedTypes` that are used. */
interface TrustedTypes {
  isScriptURL(value: unknown): boolean;
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}
interface Policy {
  createScriptURL(url: string): string;
}

/** A page may allow each name once. It is kept here: who has it can name scripts. */
let policy: Policy | undefined;

/**
 * `url` as a page with `require-trusted-types-for 'script'` wants it. Where the page refuses the policy it is plain
 * text, which is enough wherever they are not required. (Trusted Types, 3.1 "Creating a policy")
 */
export function trusted(url: WorkerUrl): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  // TrustedScriptURL is text to the constructor of Worker.
  if (trustedTypes?.isScriptURL(url)) return url as string;
  const text = String(url);
  try {
    policy ??= trustedTypes?.createPolicy("gradgpu", { createScriptURL: (address) => address });
  } catch {
    return text;
  }
  return policy?.createScriptURL(text) ?? text;
}
