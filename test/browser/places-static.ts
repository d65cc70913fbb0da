/** The same with both devices imported statically; a service worker answers the page's requests with it. */
import { cpu } from "gradgpu/devices/cpu";
import { webgpu } from "gradgpu/devices/webgpu";
import type { InitOptions } from "../../src/runtime/init.ts";
import { type Answer, compute } from "./places-page.ts";

const ways: Readonly<Record<string, () => InitOptions>> = {
  "/compute/webgpu": () => ({ device: webgpu({ software: true }) }),
  "/compute/cpu": () => ({ device: cpu({ threads: 2 }) }),
  "/compute/dynamic": () => ({ device: "webgpu" }),
};

export function computeBy(path: string): Promise<Answer> | undefined {
  const options = ways[path];
  return options && compute(options());
}

interface FetchEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

if ("registration" in globalThis) {
  globalThis.addEventListener("fetch", (event) => {
    const { request, respondWith } = event as unknown as FetchEvent;
    const answer = computeBy(new URL(request.url).pathname);
    if (answer !== undefined)
      respondWith.call(
        event,
        answer.then((given) => Response.json(given)),
      );
  });
  globalThis.addEventListener("install", () => {
    void (globalThis as unknown as { skipWaiting(): Promise<void> }).skipWaiting();
  });
  globalThis.addEventListener("activate", (event) => {
    const { clients } = globalThis as unknown as { clients: { claim(): Promise<void> } };
    (event as Event & { waitUntil(done: Promise<void>): void }).waitUntil(clients.claim());
  });
}

Object.assign(globalThis, { computeBy });
