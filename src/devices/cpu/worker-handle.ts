import type { FromWorker, ToWorker } from "./messages.ts";

/** A worker on whichever host this is. */
export interface WorkerHandle {
  post(message: ToWorker, transfer: Transferable[]): void;
  terminate(): void;
  /** Keeps the process alive (Node only); a new worker does not. */
  hold(): void;
  letGo(): void;
}

export interface WorkerEvents {
  message(message: FromWorker): void;
  /** The worker failed or ended without being asked to. */
  failed(reason: string): void;
}
