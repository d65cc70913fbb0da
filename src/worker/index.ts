/**
 * gradgpu/worker: the whole of a training in a worker, by one call. docs/worker.md.
 *
 *   defineTraining   in the worker's module: what is trained
 *   trainInWorker    on the page
 *   transfer         what is handed over rather than copied
 */

export { defineTraining } from "./define.ts";
export type { AnyWorker } from "./port.ts";
export * from "./train-in-worker.ts";
export type { Calls, Training, TrainingSetup } from "./training.ts";
export { transfer } from "./transfer.ts";
