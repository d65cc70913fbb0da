import { type nn, optim, type StepReport, Trainer } from "gradgpu";
import type { FitHooks, Network } from "../../worker/training.ts";
import type { Batches } from "./batches.ts";
import type { ByState, ColumnName } from "./pictures.ts";

/** Batches whose mean is the accuracy. */
const RECENT = 10;
const NEVER = 1e9;

export const LEARNING_RATE = 1e-2;

/** One column: a step of it is a batch of sequences, in as many windows, and so updates, as they take. */
export class MemoryNetwork implements Network {
  readonly name: ColumnName;
  readonly trainer: Trainer;
  readonly model: nn.Module;
  readonly shape: readonly (number | string)[];
  readonly #batches: Batches;
  readonly #window: number | undefined;
  readonly #recent: number[] = [];
  #flow: ByState | undefined;

  constructor(name: ColumnName, model: nn.Module, batches: Batches, window: number | undefined) {
    const { loss, accuracy, features } = batches.task;
    this.name = name;
    this.model = model;
    // Words come as their numbers, all else as features.
    this.shape = model.inputDType === "i32" ? ["T", "B"] : ["T", "B", features];
    this.#batches = batches;
    this.#window = window;
    this.trainer = new Trainer(model, {
      loss,
      optimizer: optim.adam({ learningRate: LEARNING_RATE, clipNorm: 1 }),
      metrics: { accuracy },
      gradientFlow: true,
      // A visitor's cell may leave the numbers, and the others go on.
      whenNotFinite: "skip",
      ...(window !== undefined && { window }),
    });
  }

  async *fit(hooks: FitHooks): AsyncGenerator<StepReport> {
    const [steps = 1] = this.#batches.at(0).x.shape;
    const windows = this.#window === undefined ? 1 : Math.ceil(steps / this.#window);
    const source = (epoch: number) => this.#batches.pass(epoch, this.#window);
    for await (const report of this.trainer.fit(source, { untilEpoch: NEVER, ...hooks })) {
      if (report.step % windows !== 0) continue;
      this.#flow = report.flow?.[0]?.states;
      yield { ...report, step: report.step / windows };
    }
  }

  values({ loss, accuracy }: StepReport): Record<string, number> {
    this.#recent.push(accuracy ?? 0);
    if (this.#recent.length > RECENT) this.#recent.shift();
    const right = this.#recent.reduce((sum, share) => sum + share, 0) / this.#recent.length;
    return { [`${this.name}Loss`]: loss, [`${this.name}Accuracy`]: right };
  }

  /** ‖∂loss/∂state_t‖ in the last window of the last step that was reported. */
  get flow(): ByState | undefined {
    return this.#flow;
  }

  dispose(): void {
    this.trainer.dispose();
    for (const parameter of this.model.parameters()) parameter.dispose();
  }
}
