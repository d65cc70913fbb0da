import { type Compiled, compile, type nn, reshape, slice, type Tensor } from "gradgpu";
import type { TrainingBatch } from "gradgpu/train";
import { readAll, tensorOf } from "./read.ts";

/** What a network says at the end of one sequence. */
export class Answering {
  readonly #run: Compiled<{ readonly last: Tensor }>;

  /** `answers`: how many of the last steps are asked. */
  constructor(model: nn.Module, answers: number) {
    this.#run = compile((x) => {
      const y = model(x);
      const width = y.shape.at(-1) ?? 1;
      const rows = reshape(y, [y.size / width, width]);
      return { last: slice(rows, [y.size / width - answers, 0], [answers, width]) };
    });
  }

  /** The outputs of the last steps, [answers, outputs]. */
  async last({ x }: TrainingBatch): Promise<Float32Array> {
    return (await readAll(await this.#run(tensorOf(x)))).last;
  }

  dispose(): void {
    this.#run.dispose();
  }
}
