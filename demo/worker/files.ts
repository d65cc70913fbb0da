/** A network as a file, and a file's weights in a network. */
import { bytes as bytesOf, memory, readSafetensors, saveModel, toOnnx } from "gradgpu/io";
import type { Network, Training } from "./training.ts";

/** A safetensors file that `io.loadModel` makes the network of again. */
export async function modelBytes(training: Training, name: string): Promise<Uint8Array> {
  const place = memory().place("model");
  await saveModel(networkOf(training, name).trainer.model, place);
  return await place.read();
}

/** An ONNX file of it. @throws ArgumentError for a layer that cannot be written, as a visitor's cell */
export async function onnxBytes(training: Training, name: string): Promise<Uint8Array> {
  const { trainer, shape } = networkOf(training, name);
  return await toOnnx(trainer.model, shape);
}

/** Takes a file's weights in place of the network's own. @throws where they are not those of such a network */
export async function loadWeights(
  training: Training,
  name: string,
  file: Uint8Array,
): Promise<void> {
  const { tensors } = await readSafetensors(bytesOf(file));
  networkOf(training, name).trainer.model.loadStateDict(tensors);
}

function networkOf({ networks }: Training, name: string): Network {
  const network = networks.find((one) => one.name === name);
  if (network !== undefined) return network;
  throw new Error(
    `There is no network "${name}", but ${networks.map((one) => one.name).join(", ")}.`,
  );
}
