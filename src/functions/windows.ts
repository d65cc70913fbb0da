import { check, checkOptions } from "../arguments.ts";
import { WINDOW_PADDING, WINDOW_SIZE } from "../ops/window.ts";
import type { Pool2dOptions } from "./linear.ts";

/** What convolution and pooling, and the layers of their names, can be told. */
export const WINDOW_RULES = { stride: WINDOW_SIZE, padding: WINDOW_PADDING };

/** @throws ArgumentError for what is no window, and for options of pooling that are none */
export function checkPool(caller: string, window: unknown, options: Pool2dOptions): void {
  check(caller, "the window", window, WINDOW_SIZE);
  checkOptions(caller, options, WINDOW_RULES);
}
