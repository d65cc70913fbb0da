/** onnxruntime-web, on its WebAssembly and WebGPU execution providers. Forward only: it has no training any more. */
import type * as OrtModule from "onnxruntime-web";
import type { BenchCase, Cannot, Engine, EngineInfo, EngineOptions } from "../contract.ts";
import * as models from "./ort/models.ts";
import { encodeModel } from "./ort/onnx.ts";
import { attempt, describeAdapter, prepared, threadsAskedFor, type Work } from "./support.ts";

type Ort = typeof OrtModule;
type Provider = "wasm" | "webgpu";

const VERSION = "1.30.0";
const NO_TRAINING =
  "forward only: onnxruntime-web has no gradients and no optimizers, and its package no training entry any more";

const MODELS: Partial<Record<BenchCase["kind"], (benchCase: BenchCase) => models.Model>> = {
  "lstm-forward": models.lstmForward,
  matmul: models.matmul,
  "conv-forward": models.convForward,
  "conv-input-grad": models.convInputGradient,
  "max-pool": models.maxPool,
  "softmax-cross-entropy": models.softmaxCrossEntropy,
  "add-chain": models.addChain,
  copy: models.copy,
};

const CANNOT: Partial<Record<BenchCase["kind"], string>> = {
  "cnn-train": NO_TRAINING,
  "lstm-train": NO_TRAINING,
  "gru-train": NO_TRAINING,
  "rnn-train": NO_TRAINING,
  tbptt: NO_TRAINING,
  adam: NO_TRAINING,
  "conv-filter-grad": NO_TRAINING,
};

export function createEngine(name: string): Engine {
  const provider: Provider = name === "ort-webgpu" ? "webgpu" : "wasm";
  let ort: Ort | undefined;
  return {
    async open(options) {
      ort = await load(provider, options);
      return await infoOf(name, provider, ort, options);
    },
    prepare: (benchCase) =>
      attempt(async () => {
        if (ort === undefined) throw new Error("The engine is not open.");
        const work = await workOf(ort, provider, benchCase);
        return "cannot" in work ? work : await prepared(work);
      }),
    async close() {
      ort = undefined;
    },
  };
}

async function load(provider: Provider, { threads, assetBase }: EngineOptions): Promise<Ort> {
  // In Node the package has one entry, for the wasm provider.
  const ort: Ort =
    provider === "webgpu"
      ? await import("onnxruntime-web/webgpu")
      : await import("onnxruntime-web");
  if (assetBase !== undefined) ort.env.wasm.wasmPaths = `${assetBase}onnxruntime-web/dist/`;
  ort.env.wasm.numThreads = threadsAskedFor(threads);
  ort.env.logLevel = "error";
  return ort;
}

/** Opens the provider with the smallest model there is, and asserts what runs. */
async function infoOf(
  engine: string,
  provider: Provider,
  ort: Ort,
  options: EngineOptions,
): Promise<EngineInfo> {
  const session = await ort.InferenceSession.create(
    encodeModel({
      nodes: [{ op: "Neg", inputs: ["x"], outputs: ["y"] }],
      inputs: [{ name: "x", shape: [1] }],
      outputs: [{ name: "y", shape: [1] }],
      constants: [],
    }),
    { executionProviders: [provider] },
  );
  const { y } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(2), [1]) });
  if (y?.data[0] !== -2) throw new Error("onnxruntime-web does not compute.");
  await session.release();
  if (provider === "webgpu") {
    if (ort.env.webgpu.device === undefined) throw new Error("onnxruntime-web has no GPU device.");
    const adapter = await describeAdapter();
    return { engine, device: "webgpu", backend: "webgpu", version: VERSION, ...adapter };
  }
  // It sets the number to 1 itself where it cannot have more.
  const threads = ort.env.wasm.numThreads ?? 1;
  const asked = threadsAskedFor(options.threads);
  if (threads !== asked && globalThis.crossOriginIsolated) {
    throw new Error(`onnxruntime-web runs ${threads} threads where ${asked} were asked for.`);
  }
  return { engine, device: "cpu", backend: "wasm simd", threads, version: VERSION };
}

async function workOf(ort: Ort, provider: Provider, benchCase: BenchCase): Promise<Work | Cannot> {
  const model = MODELS[benchCase.kind]?.(benchCase);
  if (model === undefined) {
    return { cannot: CANNOT[benchCase.kind] ?? `not asked of onnxruntime-web: ${benchCase.kind}` };
  }
  const onGpu = provider === "webgpu";
  const session = await ort.InferenceSession.create(encodeModel(model.graph), {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    // What a run makes stays on the GPU, as in ours; with the wasm provider it is copied out of its memory.
    ...(onGpu && { preferredOutputLocation: "gpu-buffer" as const }),
  });
  const feeds = await feedsOf(ort, onGpu, model);
  const start = async () => {
    const outputs = await session.run(feeds);
    for (const output of Object.values(outputs)) output.dispose();
  };
  const finish = async () => {
    if (onGpu) await (await deviceOf(ort)).queue.onSubmittedWorkDone();
  };
  return {
    async run() {
      await start();
      await finish();
    },
    async runMany(times) {
      for (let i = 0; i < times; i++) await start();
      await finish();
    },
    async result() {
      const outputs = await session.run(feeds);
      const values: Float32Array[] = [];
      for (const { name } of model.graph.outputs) {
        values.push((await outputs[name]?.getData(true)) as Float32Array);
      }
      return model.result(values);
    },
    async dispose() {
      for (const feed of Object.values(feeds)) feed.dispose();
      await session.release();
    },
  };
}

async function deviceOf(ort: Ort): Promise<GPUDevice> {
  return await ort.env.webgpu.device;
}

/** On WebGPU the inputs are on the GPU before the run, as ours are. */
async function feedsOf(
  ort: Ort,
  onGpu: boolean,
  { feeds }: models.Model,
): Promise<Record<string, OrtModule.Tensor>> {
  const out: Record<string, OrtModule.Tensor> = {};
  for (const [name, { data, shape }] of Object.entries(feeds)) {
    out[name] = onGpu
      ? ort.Tensor.fromGpuBuffer(await upload(ort, data), {
          dataType: "float32",
          dims: [...shape],
          dispose: () => {},
        })
      : new ort.Tensor("float32", data, [...shape]);
  }
  return out;
}

async function upload(ort: Ort, data: Float32Array): Promise<GPUBuffer> {
  const device = await deviceOf(ort);
  const buffer = device.createBuffer({
    size: Math.ceil(data.byteLength / 16) * 16,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
  return buffer;
}
