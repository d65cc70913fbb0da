/** Which dimension of data is time. On the wrong one a model trains as well, and learns nothing of what was meant. */

import type { Values } from "../data/index.ts";
import { ArgumentError } from "../errors.ts";
import { describe, sizeOf } from "../functions.ts";
import type { TimeAxis } from "../nn/index.ts";
import { mapped } from "../records.ts";
import type { StepBatch } from "./training-data.ts";
import type { Truncation } from "./window.ts";

interface Timed {
  readonly timeAxis: TimeAxis | undefined;
}

/** Which dimension of a window is time for a model: the first where it does not say. */
export function windowAxis({ timeAxis }: Timed): 0 | 1 {
  return timeAxis === 1 ? 1 : 0;
}

/** As the data says. Windows that say nothing lie as the model takes them; examples lie along the first dimension. */
export function timeOf({ columns, x, start, rows }: StepBatch, model: Timed): Values["time"] {
  if (x.time !== undefined) return x.time;
  if (start !== undefined) return windowAxis(model);
  // A target for each row of the first dimension, which is the batch then.
  const { shape: targets = [] } = columns.y ?? {};
  const isOneEach = targets.length === 1 && targets[0] === x.shape[0] && targets[0] !== x.shape[1];
  return rows === undefined && !isOneEach ? undefined : 1;
}

const form = (axis: 0 | 1) => (axis === 0 ? "[T, B, …]" : "[B, T, …]");

/** @throws ArgumentError where the model takes another dimension of x for time than `time`, as far as both are known */
export function checkTime(caller: string, model: Timed, x: Values, time: Values["time"]): void {
  const { timeAxis } = model;
  const isKnown = timeAxis !== undefined && timeAxis !== "any" && time !== undefined;
  if (!isKnown || timeAxis === time || x.shape.length < 2) return;
  throw new ArgumentError(
    `${caller}: the model must take for time what is time in the data; got x ${describe(x)}, which is ${form(time)}, for a model of ${form(timeAxis)}. Make its recurrent layers ${time === 1 ? "with { batchFirst: true }, and nn.lastStep too" : "without batchFirst"}, or turn the data.`,
  );
}

/** @throws ArgumentError for a window whose sizes show that it lies the other way round */
export function checkWindow(
  caller: string,
  model: Timed,
  { x, start }: StepBatch,
  truncation: Truncation | undefined,
): void {
  const { timeAxis } = model;
  if (start === undefined || x.time !== undefined || x.shape.length < 2) return;
  if (timeAxis === undefined || timeAxis === "any") return;
  const [steps = 0, rows = 0] = [x.shape[timeAxis], x.shape[1 - timeAxis]];
  const isOneEach = typeof start === "object" && start.length === steps && start.length !== rows;
  const every = truncation?.every;
  if (!isOneEach && !(rows === every && steps > rows)) return;
  const told = isOneEach ? `a start for each of ${steps} rows` : `windows of ${every} steps`;
  throw new ArgumentError(
    `${caller}: a window must lie as the model takes it, ${form(timeAxis)}; got x ${describe(x)} with ${told}. Turn it, or make the recurrent layers ${timeAxis === 0 ? "with { batchFirst: true }" : "without batchFirst"}.`,
  );
}

/** A window that says that it is time first, turned for a model of [B, T, …]; others as they are. */
export function asTaken(model: Timed, batch: StepBatch): StepBatch {
  const { columns, x, start } = batch;
  if (start === undefined || x.time !== 0 || windowAxis(model) === 0) return batch;
  const [steps, rows] = x.shape;
  const isAlike = ({ shape }: Values) => shape[0] === steps && shape[1] === rows;
  const all = mapped(columns, (column) => (isAlike(column) ? turned(column) : column));
  const first = Object.keys(columns).find((name) => columns[name] === x);
  return { ...batch, columns: all, x: (first !== undefined && all[first]) || turned(x) };
}

/** [T, B, …] as [B, T, …]. */
function turned({ data, shape, dtype }: Values): Values {
  const [steps = 0, rows = 0, ...features] = shape;
  const size = sizeOf(features);
  const out = data.slice();
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < rows; b++) {
      const from = (t * rows + b) * size;
      out.set(data.subarray(from, from + size), (b * steps + t) * size);
    }
  }
  return { data: out, shape: [rows, steps, ...features], dtype, time: 1 };
}
