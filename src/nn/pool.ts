import {
  avgPool2d as average,
  maxPool2d as largest,
  type MaxPool2dOptions,
  type Pool2dOptions,
} from "../functions.ts";
import { checkPool } from "../internals.ts";
import { module } from "./define.ts";
import type { Module } from "./module.ts";

type Window = number | readonly [rows: number, columns: number];

/** The largest element of every window. x: f32[N, H, W, C] → f32[N, OH, OW, C]; windows touch unless `stride` says otherwise. */
export function maxPool2d(window: Window, options: MaxPool2dOptions = {}): Module {
  checkPool("maxPool2d", window, options);
  return module("maxPool2d", {
    description: `maxPool2d(${sizeText(window)})`,
    forward: (x) => largest(x, window, options),
  });
}

/** The mean of every window, padding counted as zeros. x: f32[N, H, W, C] → f32[N, OH, OW, C]. */
export function avgPool2d(window: Window, options: Pool2dOptions = {}): Module {
  checkPool("avgPool2d", window, options);
  return module("avgPool2d", {
    description: `avgPool2d(${sizeText(window)})`,
    forward: (x) => average(x, window, options),
  });
}

function sizeText(window: Window): string {
  return Array.isArray(window) ? window.join(" × ") : `${window} × ${window}`;
}
