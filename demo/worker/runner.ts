/** The training's loop: steps of all networks in turn, as fast as the pace says, with pictures between them. */
import { init, NonFiniteError, type Opened, type StepReport } from "gradgpu";
import type { DeviceChange } from "gradgpu/train";
import { History, type Point } from "../history.ts";
import type { PanelName } from "../panels.ts";
import type {
  Begin,
  DeviceChoice,
  Diverged,
  Pace,
  Recovered,
  RunState,
  Told,
} from "../protocol.ts";
import type { AnyValues, Value } from "../settings.ts";
import { Health } from "./health.ts";
import { bringTo, forget, keep, keptOf, type Standing, standingOf } from "./kept.ts";
import { stepMs } from "./pace.ts";
import { Probes, unlessLost } from "./probes.ts";
import type { Network, OpenDevice, Training } from "./training.ts";
import { nextTurn } from "./turn.ts";

/** Progress is told so often, messages are let in so often, a training is kept so often at most. */
const TELL_MS = 100;
const TURN_MS = 8;
const KEEP_MS = 5000;

export interface RunnerOptions {
  readonly panel: PanelName;
  readonly settings: AnyValues;
  /** Of the settings that begin a training anew: what a kept one is known by. */
  readonly identity: string;
  readonly device: DeviceChoice;
  readonly pace: Pace;
  readonly begin: Begin;
  /** Where an earlier training of the same networks is to be gone back to. */
  readonly back: Standing | undefined;
  open(device: OpenDevice): Promise<Training>;
  tell(event: Told): void;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #training: Training;
  readonly #opened: Opened;
  readonly #history: History;
  readonly #fits: { readonly network: Network; readonly steps: AsyncIterator<StepReport> }[];
  readonly #probes: Probes;
  #step: number;
  #pace: Pace;
  /** Where easing in began. */
  #easedFrom: number;
  #isRunning = false;
  /** As it was last told. */
  #state: RunState = "loading";
  /** Steps to take while it is paused. */
  #singles = 0;
  #isClosed = false;
  #wake: (() => void) | undefined;
  /** Whether something has changed since the loop last began to wait. */
  #isWoken = false;
  #untold: Point[] = [];
  #toldMs = 0;
  #toldStep = 0;
  #keptMs = performance.now();
  #keptStep: number;
  /** Where it stood when it was last well: what can be gone back to. */
  #good: Standing | undefined;
  readonly #health = new Health();
  /** What is done between two steps and waits for its turn. */
  #errands: (() => Promise<void>)[] = [];
  /** To be called when there is nothing left to do. */
  #resting: (() => void)[] = [];
  readonly #ended: Promise<void>;

  /** Opens device and networks, where a training was kept at its last step, and waits for what it is told. */
  static async open(options: RunnerOptions): Promise<Runner> {
    const { panel, settings, identity, device, begin, back, tell } = options;
    tell({ kind: "state", state: "loading" });
    const openDevice = () => init({ device, seed: settings.seed });
    const opened = await openDevice();
    const training = await options.open(openDevice);
    if (begin !== "kept") await forget(panel);
    const before = begin === "kept" ? await keptOf(panel, identity) : back;
    const standing = before && bringTo(training, before) ? before : undefined;
    const { step = 0, points = [] } = standing ?? {};
    // A state has the learning rate that it was made with.
    const { learningRate } = settings;
    if (begin === "back" && typeof learningRate === "number")
      for (const network of training.networks) network.setLearningRate?.(learningRate);
    const { description, why } = opened;
    tell({
      kind: "opened",
      device: { device: opened.device, description, why },
      networks: training.networks.map(({ name }) => name),
      step,
      points,
    });
    return new Runner(options, opened, training, { step, points });
  }

  private constructor(
    options: RunnerOptions,
    opened: Opened,
    training: Training,
    { step, points }: { readonly step: number; readonly points: readonly Point[] },
  ) {
    this.#options = options;
    this.#opened = opened;
    this.#training = training;
    this.#history = new History(points);
    this.#step = this.#easedFrom = this.#toldStep = this.#keptStep = step;
    this.#pace = options.pace;
    const hooks = { onDeviceLost: (change: DeviceChange) => this.#recovered(change) };
    this.#fits = training.networks.map((network) => ({
      network,
      steps: network.fit(hooks)[Symbol.asyncIterator](),
    }));
    const { tell } = options;
    this.#probes = new Probes({
      picture: (id, at, answer) => tell({ kind: "picture", id, step: at, answer }),
      answer: (id, answer) => tell({ kind: "answer", id, answer }),
      refuse: (id, error) => tell({ kind: "refused", id, failure: failureOf(error) }),
    });
    this.#ended = this.#loop();
  }

  /** Where it stood when it was last well. */
  get good(): Standing | undefined {
    return this.#good;
  }

  get probes(): Probes {
    return this.#probes;
  }

  play(): void {
    this.#isRunning = true;
    this.#tellState("running");
    // What happened in a pause is no step's time.
    this.#keptMs = this.#toldMs = performance.now();
    this.wake();
  }

  pause(): void {
    this.#isRunning = false;
    this.wake();
  }

  /** One step of every network, and a pause. */
  step(): void {
    this.pause();
    this.#singles++;
    this.wake();
  }

  set pace(pace: Pace) {
    this.#pace = pace;
    this.#easedFrom = this.#step;
    this.wake();
  }

  set(name: string, value: Value): void {
    this.#training.set?.(name, value);
    this.#probes.invalidate();
    this.wake();
  }

  /** Does something between two steps, and shows everything anew behind it. */
  errand(task: (training: Training, opened: Opened) => Promise<void>): void {
    this.#errands.push(async () => {
      // What is done may be what is to be undone.
      this.#good ??= await this.#standing();
      await task(this.#training, this.#opened);
      this.#probes.invalidate();
    });
    this.wake();
  }

  keep(): void {
    this.#errands.push(() => this.#keep());
    this.wake();
  }

  /** Calls back when it is paused and everything that is shown has been told. */
  rest(told: () => void): void {
    this.#resting.push(told);
    this.wake();
  }

  /** Something has changed that the loop may be waiting for. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Ends the training; its networks and plans are given back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.wake();
    await this.#ended;
    for (const { steps } of this.#fits) await steps.return?.();
    this.#training.dispose();
    await this.#opened.runtime.close();
  }

  async #loop(): Promise<void> {
    try {
      let turnMs = performance.now();
      while (!this.#isClosed) {
        const start = performance.now();
        for (const errand of this.#errands.splice(0)) await errand();
        const isMore = await this.#probes.answer(this.#training, this.#step);
        if (this.#isRunning || this.#singles > 0) {
          this.#good ??= await this.#standing();
          await this.#takeStep();
          await this.#wait(
            stepMs(this.#pace, this.#step - this.#easedFrom) - (performance.now() - start),
          );
        } else {
          this.#tell();
          this.#tellState("paused");
          await this.#keep();
          if (!isMore && this.#errands.length === 0) {
            if (this.#probes.isDone(this.#step)) for (const told of this.#resting.splice(0)) told();
            await this.#wait(Number.POSITIVE_INFINITY);
          }
        }
        if (performance.now() - turnMs > TURN_MS) {
          await nextTurn();
          turnMs = performance.now();
        }
      }
    } catch (error) {
      this.#tell();
      const diverged = this.#divergence(error);
      this.#options.tell({ kind: "failed", failure: failureOf(error), ...diverged });
      this.#tellState("failed");
    }
  }

  async #takeStep(): Promise<void> {
    const values: Record<string, number> = {};
    for (const { network, steps } of this.#fits) {
      const { value: report, done } = await steps.next();
      if (done === true)
        throw new Error(`The fit of "${network.name}" has ended: it is to be endless.`);
      this.#health.add(network.name, report.loss);
      Object.assign(values, network.values(report));
    }
    this.#step++;
    if (this.#singles > 0) this.#singles--;
    const measured = await unlessLost(async () => this.#training.between?.(this.#step));
    if (typeof measured === "object") Object.assign(values, measured);
    const point = { step: this.#step, values };
    this.#history.add([point]);
    this.#untold.push(point);
    if (performance.now() - this.#toldMs > TELL_MS) this.#tell();
    if (performance.now() - this.#keptMs > KEEP_MS) await this.#keep();
  }

  #tell(): void {
    if (this.#untold.length === 0) return;
    const now = performance.now();
    const stepsPerSecond = (1000 * (this.#step - this.#toldStep)) / (now - this.#toldMs);
    this.#options.tell({ kind: "progress", points: this.#untold, stepsPerSecond });
    this.#untold = [];
    this.#toldMs = now;
    this.#toldStep = this.#step;
  }

  async #keep(): Promise<void> {
    this.#keptMs = performance.now();
    if (this.#keptStep === this.#step) return;
    const { panel, identity, tell } = this.#options;
    const standing = await this.#standing();
    const { step } = standing;
    await keep(panel, identity, standing);
    if (this.#health.isGood) this.#good = standing;
    this.#keptStep = step;
    tell({ kind: "kept", step });
  }

  #standing(): Promise<Standing> {
    return standingOf(this.#training, { step: this.#step, points: [...this.#history.points] });
  }

  /** Of an error that says so: the step that was not finite, and the one that can be gone back to. */
  #divergence(error: unknown): { readonly diverged?: Diverged } {
    if (!(error instanceof NonFiniteError) || this.#good === undefined) return {};
    return { diverged: { step: this.#step + 1, back: this.#good.step } };
  }

  /** Until something has changed, or so many milliseconds are over; at once where they are not positive. */
  async #wait(ms: number): Promise<void> {
    if (ms > 0 && !this.#isWoken) {
      await new Promise<void>((resolve) => {
        const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : undefined;
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#isWoken = false;
  }

  #recovered(change: DeviceChange): void {
    const { device, to, step, from, elapsedMs } = change;
    const told: Recovered = { from: device, to, step, resumedFrom: from, elapsedMs };
    this.#options.tell({ kind: "recovered", change: told });
    this.#probes.invalidate();
    this.wake();
  }

  #tellState(state: RunState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.tell({ kind: "state", state });
  }
}

/** An error as a message has it. */
export function failureOf(error: unknown): { readonly name: string; readonly message: string } {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };
}
