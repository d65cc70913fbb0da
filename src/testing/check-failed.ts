import { GradgpuError } from "../errors.ts";

/** A check of gradgpu/testing that does not hold: what must hold, what was found, in a table where that helps. */
export class CheckFailedError extends GradgpuError {
  override readonly name = "CheckFailedError";
}
