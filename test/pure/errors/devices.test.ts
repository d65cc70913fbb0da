/** What devices say where they cannot be opened, have no room, or are handed what they do not have. */
import { afterEach, vi } from "vitest";
import { encodePlan } from "../../../src/devices/cpu/commands.ts";
import { openCpuDevice } from "../../../src/devices/cpu/index.ts";
import { compileKernels } from "../../../src/devices/cpu/module.ts";
import { ReferenceDevice } from "../../../src/devices/reference/device.ts";
import { hostBuffer } from "../../../src/devices/shared/host-buffer.ts";
import { BufferPool } from "../../../src/devices/webgpu/buffers.ts";
import { fallbackModule, importFallback } from "../../../src/devices/webgpu/import-fallback.ts";
import { openWebgpuDevice } from "../../../src/devices/webgpu/open.ts";
import { PipelineCache, wgslOf } from "../../../src/devices/webgpu/pipelines.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { handPlan } from "../../support/hand-plan.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const asAny = (given: unknown) => given as never;

/** A page, whose workers end as `Fake` does. */
function onPage(Fake: unknown): void {
  vi.stubGlobal("process", { ...process, getBuiltinModule: () => undefined });
  vi.stubGlobal("Worker", Fake);
}
class FailingWorker {
  onerror: (event: object) => void = () => {};
  constructor() {
    setTimeout(() => this.onerror({}));
  }
  postMessage() {}
  terminate() {}
}
const SIMD =
  "init: the cpu device needs WebAssembly with SIMD and atomics; got NONE. Chrome 103, Firefox 113, Safari 16.4 and Node 20.19 have them.";

const cpu: readonly ErrorRow[] = [
  [
    SIMD.replace("NONE", "a host without WebAssembly"),
    () => {
      vi.stubGlobal("WebAssembly", undefined);
      return compileKernels(true, true);
    },
  ],
  [
    SIMD.replace("NONE", "a host that refuses them"),
    () => {
      vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
      return compileKernels(true, true);
    },
  ],
  [
    "init: the cpu device must be allowed to compile WebAssembly; got CompileError: it is refused. On a page, add 'wasm-unsafe-eval' to the script-src of its Content-Security-Policy.",
    () => {
      const refused = new WebAssembly.CompileError("it is refused");
      vi.spyOn(WebAssembly, "compile").mockRejectedValue(refused);
      return compileKernels(true, true);
    },
  ],
  [
    "init: the cpu device needs workers; got a host with neither Worker nor node:worker_threads. Call it from a page or a worker of one (a service worker has none of its own), or use Node 20.19 or newer.",
    () => {
      onPage(undefined);
      return openCpuDevice();
    },
  ],
  [
    "init: the cpu device's workers must be able to start; got the worker's script could not be loaded. On a page, allow blob: in the worker-src of its Content-Security-Policy, or serve gradgpu/cpu-worker.js and give its address as workerUrl.",
    () => {
      onPage(FailingWorker);
      return openCpuDevice({ threads: 1 });
    },
  ],
  [
    "init: the cpu device's workers must be able to start; got the worker's script could not be loaded, from /worker.js. It must be gradgpu/cpu-worker.js of this version, served from the page's own origin as JavaScript, and on a cross-origin isolated page with the same Cross-Origin-Embedder-Policy.",
    () => {
      onPage(FailingWorker);
      return openCpuDevice({ threads: 1, workerUrl: "/worker.js" });
    },
  ],
  [
    'load: every kernel of a plan must be in the cpu device\'s table; got "none". Plan with the traits of the device that runs the plan.',
    () => {
      const call = { kernel: "none", operands: [], constants: {}, words: [] };
      const division = { threads: 1, parallelBytes: 0 };
      return encodePlan(handPlan([asAny(call)], []), division, () => 0);
    },
  ],
];

const LARGE = 2 ** 52;
const reference = () => new ReferenceDevice();
const host: readonly ErrorRow[] = [
  [
    `read: the host must have memory for a copy; got no room for ${LARGE} bytes. Read or write it in parts.`,
    () => hostBuffer("read", LARGE),
  ],
  [
    `allocate: the host's memory must hold all tensors; got no room for ${LARGE} bytes. Use smaller batches, or dispose of tensors that are no longer needed.`,
    () => reference().allocate(LARGE),
  ],
  [
    "write: a storage must be in use on this device; got one that was given back. Make a new one.",
    () => {
      const device = reference();
      const storage = device.allocate(4);
      device.release(storage);
      device.write(storage, 0, Float32Array.of(1));
    },
  ],
  [
    "run: a program must be in use on this device; got one that was given back. Make a new one.",
    async () => {
      const device = reference();
      const program = await device.load(handPlan([], []));
      device.unload(program);
      await Promise.all(device.run(program, [], []));
    },
  ],
];

const NO_GPU =
  "webgpu: there must be a GPU adapter; got none. Use a browser with WebGPU (chrome://gpu shows whether it is on), in Node install the npm package webgpu and a Vulkan driver, or use the cpu device.";
const without = asAny({ requestAdapter: async () => null });

/** A GPU that takes no kernel, and says of it what `messages` are. */
const KERNEL = 'sort/merge {"KEYS":0,"ITEMS":4,"THREADS":64}';
const compiling = (messages: readonly object[]) =>
  PipelineCache.of(
    asAny({
      createBindGroupLayout: () => ({}),
      createPipelineLayout: () => ({}),
      pushErrorScope: () => {},
      popErrorScope: async () => null,
      createShaderModule: () => ({ getCompilationInfo: async () => ({ messages }) }),
      createComputePipelineAsync: () => Promise.reject(new Error("it is busy")),
    }),
  ).get("sort/merge", { KEYS: 0, ITEMS: 4, THREADS: 64 }, { isWritten: [true], parameterBytes: 0 });
const pool = (budget: number) =>
  new BufferPool(asAny({ limits: { maxBufferSize: 1024 } }), budget, () => {});

const webgpu: readonly ErrorRow[] = [
  [NO_GPU, () => openWebgpuDevice({ gpu: without })],
  [
    `${NO_GPU} Chromium brings a software adapter, SwiftShader: install it.`,
    () => openWebgpuDevice({ gpu: without, software: true }),
  ],
  [
    'webgpu: the reference kernels must load for an op that has no kernel of its own; got TypeError: import() is refused. Where import() is refused, open the device by webgpu() from "gradgpu/devices/webgpu".',
    () => {
      vi.spyOn(fallbackModule, "load").mockRejectedValue(new TypeError("import() is refused"));
      return importFallback();
    },
  ],
  [
    "webgpu: a buffer must have at most 1024 bytes on this adapter; got 4096. Use smaller batches or the cpu device.",
    () => pool(2 ** 20).allocate(4096),
  ],
  [
    "webgpu: memory in use must stay within the budget of 512 bytes; got 1024. Use smaller batches, or dispose of tensors that are no longer needed.",
    () => pool(512).allocate(1024),
  ],
  [
    'webgpu: the kernel of a call must be a file in shaders/; got "none". Run npm run generate.',
    () => wgslOf("none", {}, []),
  ],
  [
    `${KERNEL}: the device must accept the kernel; got it is busy. Please report this with the name of the adapter.`,
    () => compiling([]),
  ],
  [
    `${KERNEL}: the device must accept the kernel; got line 1: no such name; got "struct Params {". Please report this with the name of the adapter.`,
    () =>
      compiling([
        { type: "warning", lineNum: 1, message: "unused" },
        { type: "error", lineNum: 1, message: "no such name" },
      ]),
  ],
];

holdTexts([...cpu, ...host, ...webgpu]);
