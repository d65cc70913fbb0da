/**
 * What page and worker say to each other. A worker trains one panel's networks; a page asks for what it shows.
 *
 *   page → worker   Command    worker → page   Event
 *
 * Everything that belongs to a training has the number of its opening: what is still on its way from an earlier one is
 * dropped.
 */
import type { Opened } from "gradgpu";
import type { Point } from "./history.ts";
import type { PanelName } from "./panels.ts";
import type { AnyValues, Value } from "./settings.ts";

/** What one picture is asked with, and what it is answered by. */
export interface PictureType {
  readonly request: unknown;
  readonly answer: unknown;
}
/** The pictures of a panel by their names: `P extends Pictures<P>` holds for an interface of PictureTypes. */
export type Pictures<P> = { readonly [K in keyof P]: PictureType };
export type AnyPictures = Readonly<Record<string, PictureType>>;

/** Steps a second: a few, then more and more; two; as many as there can be. */
export type Pace = "ease" | "slow" | "full";
export const PACES: readonly Pace[] = ["ease", "slow", "full"];

/** From where a training with these settings was kept, anew, or from where the one before was last well. */
export type Begin = "kept" | "anew" | "back";

export type FileFormat = "safetensors" | "onnx";

export type DeviceChoice = "auto" | "webgpu" | "cpu";

export type Command =
  | {
      readonly kind: "open";
      readonly opening: number;
      readonly panel: PanelName;
      readonly settings: AnyValues;
      readonly device: DeviceChoice;
      readonly pace: Pace;
      /** The page's own address, which its data lies beside. */
      readonly base: string;
      readonly begin: Begin;
    }
  | { readonly kind: "play" | "pause" | "step" | "lose" | "keep" }
  | { readonly kind: "pace"; readonly pace: Pace }
  /** A live setting. */
  | { readonly kind: "set"; readonly name: string; readonly value: Value }
  /** From now on a picture whenever there is something new to see; a second one for an id changes what is asked. */
  | {
      readonly kind: "watch";
      readonly id: number;
      readonly picture: string;
      readonly request: unknown;
    }
  | { readonly kind: "unwatch"; readonly id: number }
  /** The page has drawn what it was sent: the next one may come. */
  | { readonly kind: "drawn"; readonly id: number }
  /** One picture, once. */
  | {
      readonly kind: "ask";
      readonly id: number;
      readonly picture: string;
      readonly request: unknown;
    }
  /** Answered when there is nothing left to do in a pause, after all pictures that were asked for before. */
  | { readonly kind: "rest"; readonly id: number }
  /** A network's weights as a safetensors file. */
  | {
      readonly kind: "export";
      readonly id: number;
      readonly network: string;
      readonly format: FileFormat;
    }
  | {
      readonly kind: "import";
      readonly id: number;
      readonly network: string;
      readonly bytes: Uint8Array;
    };

export type RunState = "loading" | "paused" | "running" | "failed";

export interface OpenedDevice {
  readonly device: "webgpu" | "cpu" | "reference";
  readonly description: string;
  readonly why: Opened["why"];
}

export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** A step that was not finite, and the one that can be gone back to. */
export interface Diverged {
  readonly step: number;
  readonly back: number;
}

/** Another device has taken the place of one that was lost. */
export interface Recovered {
  readonly from: string;
  readonly to: string;
  /** Steps that had been begun, and the one that training went on from. */
  readonly step: number;
  readonly resumedFrom: number;
  readonly elapsedMs: number;
}

export type Event = { readonly opening: number } & (
  | {
      readonly kind: "opened";
      readonly device: OpenedDevice;
      readonly networks: readonly string[];
      /** Of a training that was kept: where it stands, and its numbers so far. */
      readonly step: number;
      readonly points: readonly Point[];
    }
  | { readonly kind: "state"; readonly state: RunState }
  | {
      readonly kind: "progress";
      readonly points: readonly Point[];
      readonly stepsPerSecond: number;
    }
  | {
      readonly kind: "picture";
      readonly id: number;
      readonly step: number;
      readonly answer: unknown;
    }
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "refused"; readonly id: number; readonly failure: Failure }
  | { readonly kind: "kept"; readonly step: number }
  | { readonly kind: "recovered"; readonly change: Recovered }
  | { readonly kind: "failed"; readonly failure: Failure; readonly diverged?: Diverged }
);
/** An event without its opening's number, which the desk adds. */
export type Told = Event extends infer E ? (E extends Event ? Omit<E, "opening"> : never) : never;
