/** What a page and a training in a worker say to each other: plain data. */
import type { History } from "../train/index.ts";
import type { PlainError } from "./plain-error.ts";

/** Of a page; whatever has an `id` is answered under it. */
export type ToTraining =
  /** Answered by "hello": whether there is a training at all. */
  | { readonly kind: "hello" }
  | {
      readonly kind: "start";
      readonly options: unknown;
      readonly state: unknown;
      readonly isPaused: boolean;
    }
  | { readonly kind: "pause" | "state"; readonly id: number }
  | { readonly kind: "resume" | "abort" }
  | { readonly kind: "call"; readonly id: number; readonly name: string; readonly args: unknown[] };

/** Of the worker. */
export type FromTraining =
  | { readonly kind: "hello" }
  /** The training is set up, and has these calls. */
  | { readonly kind: "ready"; readonly calls: readonly string[] }
  | { readonly kind: "progress"; readonly reports: readonly unknown[] }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "refusal"; readonly id: number; readonly error: PlainError }
  | { readonly kind: "done"; readonly history: History }
  | { readonly kind: "failed"; readonly error: PlainError };

/** Apart from messages of the caller's own on the same port. */
interface Envelope<M> {
  readonly gradgpu: M;
}

export function opened<M>(data: unknown): M | undefined {
  return typeof data === "object" && data !== null && "gradgpu" in data
    ? (data as Envelope<M>).gradgpu
    : undefined;
}
