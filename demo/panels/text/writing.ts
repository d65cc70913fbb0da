/**
 * The network writes: every character is drawn from what it expects and is what it reads next. All characters of one
 * writing are one plan, a scan whose step reads, expects and draws, so a device is asked once and not character by
 * character. The draws are given, so that other weights or another temperature meet the same luck.
 */
import {
  cast,
  compile,
  cumsum,
  drawUniform,
  greaterEqual,
  keyOf,
  less,
  minimum,
  mul,
  type nn,
  reshape,
  scan,
  softmax,
  sum,
  type Tensor,
  tensor,
  where,
  zeros,
} from "gradgpu";

/** Characters of one writing, its beginning among them. */
export const WRITTEN = 200;
/** An id that is drawn rather than given. */
const DRAWN = -1;

export interface Writing {
  /** i32[WRITTEN] */
  readonly ids: Int32Array;
  /** f32[WRITTEN, characters]: what character t was drawn from, before the temperature. */
  readonly logits: Float32Array;
  /** f32[WRITTEN] in [0, 1) */
  readonly draws: Float32Array;
}

export interface WriteOptions {
  /** What it begins with, at most WRITTEN characters. */
  readonly given: Int32Array;
  /** Logits are divided by it. */
  readonly temperature: number;
  readonly seed: number;
}

export class Writer {
  readonly #step;

  /** `first` is what the network has read before it writes: the end of a line. */
  constructor(model: nn.Module, characters: number, first: number) {
    this.#step = compile((given: Tensor, draws: Tensor, coldness: Tensor) => {
      const state = model.stateShapes(1).map((shape) => zeros(shape));
      const start = { state, last: tensor(Int32Array.of(first), [1]) };
      const { ys } = scan(
        ({ state, last }, { given, draw }: { given: Tensor; draw: Tensor }) => {
          const { y, state: next } = model.step(reshape(last, [1, 1]), state);
          const logits = reshape(y, [characters]);
          const below = cumsum(softmax(mul(logits, coldness)));
          // A sum of probabilities may end a little below 1, and the draw lie behind it.
          const drawn = minimum(sum(cast(less(below, draw), "i32")), characters - 1);
          const id = where(greaterEqual(given, 0), given, reshape(drawn, [1]));
          return { carry: { state: [...next], last: id }, y: { id, logits } };
        },
        start,
        { given, draw: draws },
      );
      return ys;
    });
  }

  async write({ given, temperature, seed }: WriteOptions): Promise<Writing> {
    const ids = new Int32Array(WRITTEN).fill(DRAWN);
    ids.set(given.subarray(0, WRITTEN));
    const draws = Float32Array.from(drawUniform(keyOf(seed), 0, WRITTEN));
    const ys = await this.#step(
      tensor(ids, [WRITTEN, 1]),
      tensor(draws, [WRITTEN, 1]),
      1 / temperature,
    );
    const [written, logits] = await Promise.all([ys.id.data(), ys.logits.data()]);
    for (const y of Object.values(ys)) y.dispose();
    return { ids: Int32Array.from(written), logits: Float32Array.from(logits), draws };
  }

  dispose(): void {
    this.#step.dispose();
  }
}
