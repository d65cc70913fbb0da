import { anything, check, checkOptions, count, rule } from "../arguments.ts";
import { avgPool2d as average, maxPool2d as largest, type Pool2dOptions } from "../functions.ts";
import { module } from "./define.ts";
import type { Module } from "./module.ts";

const POOL_RULES = { stride: anything, padding: anything };

const aWindow = rule(
  "a whole number of 1 or more, or [rows, columns]",
  (value) =>
    count.holds(value) ||
    (Array.isArray(value) && value.length === 2 && value.every((n) => count.holds(n))),
);

type Window = number | readonly [rows: number, columns: number];

/** The largest element of every window. x: f32[N, H, W, C] → f32[N, OH, OW, C]; windows touch unless `stride` says otherwise. */
export function maxPool2d(window: Window, options: Pool2dOptions = {}): Module {
  check("maxPool2d", "the window", window, aWindow);
  checkOptions("maxPool2d", options, POOL_RULES);
  return module("maxPool2d", {
    description: `maxPool2d(${sizeText(window)})`,
    forward: (x) => largest(x, window, options),
  });
}

/** The mean of every window, padding counted as zeros. x: f32[N, H, W, C] → f32[N, OH, OW, C]. */
export function avgPool2d(window: Window, options: Pool2dOptions = {}): Module {
  check("avgPool2d", "the window", window, aWindow);
  checkOptions("avgPool2d", options, POOL_RULES);
  return module("avgPool2d", {
    description: `avgPool2d(${sizeText(window)})`,
    forward: (x) => average(x, window, options),
  });
}

function sizeText(window: Window): string {
  return Array.isArray(window) ? window.join(" × ") : `${window} × ${window}`;
}
