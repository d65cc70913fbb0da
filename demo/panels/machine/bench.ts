/** The short benchmark: a few things that every network does, each alone, timed round by round. */
import {
  add,
  type Compiled,
  compile,
  conv2d,
  matmul,
  mean,
  mul,
  nn,
  square,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from "gradgpu";
import type { BenchRound } from "./pictures.ts";

interface Case {
  /** How much one run does, in units a millisecond and thousand: 10⁶ operations or bytes are 1 GFLOP/s or GB/s at 1 ms. */
  readonly work: number;
  readonly make: () => () => Tensor;
}

const numbers = (...shape: number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
    shape,
  );

export const benchCases: Readonly<Record<string, Case>> = {
  product: {
    work: 2 * 256 ** 3,
    make: () => {
      const [a, b] = [numbers(256, 256), numbers(256, 256)];
      return () => sum(matmul(a, b));
    },
  },
  convolution: {
    work: 2 * 8 * 28 * 28 * 9 * 16 * 32,
    make: () => {
      const [x, w] = [numbers(8, 28, 28, 16), numbers(3, 3, 16, 32)];
      return () => sum(conv2d(x, w, { padding: "same" }));
    },
  },
  memory: {
    work: 2 * 4 * 2 ** 20,
    make: () => {
      const [a, b] = [numbers(2 ** 20), numbers(2 ** 20)];
      return () => sum(add(mul(a, 2), b));
    },
  },
  lstm: {
    work: 0,
    make: () => {
      const layer = nn.lstm(32, 64);
      const x = numbers(32, 16, 32);
      return () => {
        const [loss, gradients] = valueAndGrad(layer.parameters(), () => mean(square(layer(x))));
        return [...gradients.values()].reduce((all, g) => add(all, sum(g)), loss);
      };
    },
  },
};

export class Bench {
  readonly #steps = new Map<string, Compiled<Tensor>>();

  /** One run, until its result has arrived. */
  async round(name: string): Promise<BenchRound> {
    const own = benchCases[name];
    if (own === undefined) throw new Error(`The benchmark has no case "${name}".`);
    const step = this.#steps.get(name) ?? compile(own.make());
    this.#steps.set(name, step);
    const start = performance.now();
    await (await step()).item();
    const elapsedMs = performance.now() - start;
    return { elapsedMs, value: own.work === 0 ? elapsedMs : own.work / elapsedMs / 1e6 };
  }

  dispose(): void {
    for (const step of this.#steps.values()) step.dispose();
  }
}
