/**
 * What onnxruntime makes of the files that toOnnx writes, in test/goldens/onnx-models.json. onnxruntime-web is not among the
 * repository's packages (148 MB): `npm ci --ignore-scripts --prefix bench/peers`, then
 * `npx tsx --conditions=gradgpu-source test/goldens/make-onnx-goldens.ts`. GRADGPU_ONNX=folder writes the files there, too.
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { init } from "../../src/index.ts";
import { toOnnx } from "../../src/io/index.ts";
import { givenInput, type OnnxGolden, onnxModels } from "../support/onnx-models.ts";

interface Session {
  run(feeds: object): Promise<{ output: { dims: number[]; data: Float32Array } }>;
}
interface Ort {
  readonly env: { wasm: { numThreads: number } };
  readonly InferenceSession: { create(file: Uint8Array): Promise<Session> };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => object;
}

const peers = createRequire(new URL("../../bench/peers/package.json", import.meta.url));
const ort = (await import(pathToFileURL(peers.resolve("onnxruntime-web")).href)) as Ort;
ort.env.wasm.numThreads = 1;
const folder = process.env.GRADGPU_ONNX;
if (folder !== undefined) await mkdir(folder, { recursive: true });

const { runtime } = await init({ device: "cpu" });
const goldens: Record<string, OnnxGolden> = {};
for (const [name, model] of Object.entries(onnxModels)) {
  const file = await toOnnx(model.make(), model.shape);
  const session = await ort.InferenceSession.create(file);
  const x = givenInput(model);
  const type = model.ids === undefined ? "float32" : "int32";
  const input = new ort.Tensor(type, await x.data(), x.shape);
  const { output } = await session.run({ input });
  const digest = createHash("sha256").update(file).digest("hex");
  goldens[name] = { digest, shape: output.dims, output: [...output.data] };
  if (folder !== undefined) await writeFile(join(folder, `${digest.slice(0, 8)}.onnx`), file);
  console.log(`${name}: ${file.length} bytes, [${output.dims.join(", ")}]`);
}
const path = new URL("onnx-models.json", import.meta.url);
await writeFile(path, `${JSON.stringify({ onnxruntime: "1.30.0", models: goldens }, null, 1)}\n`);
await runtime.close();
