import type { DeviceLostError } from "../errors.ts";
import type { Runtime } from "../functions.ts";

/** A device that took the place of another one. */
export interface DeviceChange {
  /** What was lost, or left. */
  readonly device: Runtime["device"]["name"];
  /** What took its place. */
  readonly to: Runtime["device"]["name"];
  /** What the first was lost by; undefined where training has moved back from the cpu to a GPU. */
  readonly error: DeviceLostError | undefined;
  /** Steps that had been started by then. */
  readonly step: number;
  /** The step behind which the other began: those from there to `step` were taken again. */
  readonly from: number;
  /** From the loss until training went on. */
  readonly elapsedMs: number;
}
