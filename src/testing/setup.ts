/**
 * gradgpu/testing/setup: `navigator.gpu` and WebGPU's classes in Node, for code that was written for pages. Loaded before
 * the tests: `node --import gradgpu/testing/setup --test`, or Vitest's `setupFiles`. GRADGPU_TEST_ADAPTER says which
 * adapter: software, hardware or auto (the default).
 */
import { check } from "../arguments.ts";
import { type AdapterWish, adapterWish } from "./adapter.ts";
import { openNodeAdapter } from "./node-gpu.ts";
import { importPeer } from "./peer.ts";
import { pollDawnPatiently } from "./poll-dawn.ts";

const wish = process.env.GRADGPU_TEST_ADAPTER ?? "auto";
check("gradgpu/testing/setup", "GRADGPU_TEST_ADAPTER", wish, adapterWish);
pollDawnPatiently();
const { gpu } = await openNodeAdapter({ adapter: wish as AdapterWish }); // as was checked
const { globals } = await importPeer<{ readonly globals: object }>(
  "gradgpu/testing/setup",
  "webgpu",
);
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
// Node has a navigator since version 21.
if (typeof navigator === "undefined")
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
