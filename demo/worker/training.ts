/** What a panel gives the worker: networks that are trained, and pictures of what is in them. */
import type { FitOptions, nn, Opened, StepReport, Trainer } from "gradgpu";
import type { AnyPictures, Pictures } from "../protocol.ts";
import type { Settings, Value, ValuesOf } from "../settings.ts";

/** What a fit is told by the page, beside what it is told by the panel. */
export type FitHooks = Required<Pick<FitOptions, "onDeviceLost">>;

export interface Network {
  readonly name: string;
  readonly trainer: AnyTrainer;
  /** What its model takes, for an ONNX file: a name is a free size. */
  readonly shape: readonly (number | string)[];
  /** Endless, from where the trainer stands: `trainer.fit(data, { untilEpoch: 1e9, …, ...hooks })`. */
  fit(hooks: FitHooks): AsyncIterable<StepReport>;
  /** Of a panel that has the setting: from the next step on. */
  setLearningRate?(learningRate: number): void;
  /** A step's numbers, for curves and figures, by names that no other network of the panel has. */
  values(report: StepReport): Readonly<Record<string, number>>;
}

/** What is asked of a Trainer here, of whatever model. */
export type AnyTrainer = Pick<Trainer, "step" | "state" | "loadState" | "dispose"> & {
  readonly model: nn.Module;
};

/** A panel's networks, which take one step each in turn. */
export interface Training<P extends Pictures<P> = AnyPictures> {
  readonly networks: readonly Network[];
  /**
   * Called between steps, one at a time, for what is on screen. Each takes less than about 30 ms on the cpu device: what
   * is longer answers with what there is, and goes on when it is called again. An answer's arrays are made anew for every
   * call: they are handed over to the page.
   */
  readonly pictures: {
    readonly [K in keyof P]: (request: P[K]["request"]) => Promise<P[K]["answer"]>;
  };
  /** Between two steps: numbers that are measured now and then, such as the accuracy on a test set, piece by piece. */
  between?(step: number): Promise<Readonly<Record<string, number>> | undefined>;
  /** A live setting has changed. */
  set?(name: string, value: Value): void;
  dispose(): void;
}

/** Reads a file that lies beside the page under data/. */
export type LoadData = (name: string) => Promise<Uint8Array<ArrayBuffer>>;

/** The device that is open: after a loss the one that took its place. */
export type OpenDevice = () => Promise<Opened>;

export type OpenTraining<S extends Settings, P extends Pictures<P>> = (
  settings: ValuesOf<S>,
  load: LoadData,
  device: OpenDevice,
) => Promise<Training<P>>;
