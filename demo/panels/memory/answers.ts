import { type Compiled, compile, type nn, reshape, slice, type Tensor } from "gradgpu";
import type { TrainingBatch } from "gradgpu/train";
import { readAll, tensorOf } from "./read.ts";

/** What a network says behind the last step of one sequence. */
export class Answering {
  readonly #run: Compiled<{ readonly last: Tensor }>;

  constructor(model: nn.Module) {
    this.#run = compile((x) => {
      const y = model(x);
      const width = y.shape.at(-1) ?? 1;
      const rows = reshape(y, [y.size / width, width]);
      return { last: slice(rows, [y.size / width - 1, 0], [1, width]) };
    });
  }

  /** The outputs, one a class; of a number, one. */
  async last({ x }: TrainingBatch): Promise<Float32Array> {
    return (await readAll(await this.#run(tensorOf(x)))).last;
  }

  dispose(): void {
    this.#run.dispose();
  }
}
