/** Which dimension of data is time. On the wrong one a model trains as well, and learns nothing of what was meant. */
import type { Values } from "../data/index.ts";
import { ArgumentError } from "../errors.ts";
import { describe } from "../functions.ts";
import type { TimeAxis } from "../nn/index.ts";
import type { StepBatch } from "./training-data.ts";

/** As the data says; windows are [T, B, …], and examples lie along the first dimension. */
export function timeOf({ x, start, rows }: StepBatch): Values["time"] {
  if (x.time !== undefined) return x.time;
  if (start !== undefined) return 0;
  return rows === undefined ? undefined : 1;
}

/** @throws ArgumentError where the model takes another dimension of x for time than `time`, as far as both are known */
export function checkTime(
  caller: string,
  model: { readonly timeAxis: TimeAxis | undefined },
  x: Values,
  time: Values["time"],
): void {
  const { timeAxis } = model;
  const isKnown = timeAxis !== undefined && timeAxis !== "any" && time !== undefined;
  if (!isKnown || timeAxis === time || x.shape.length < 2) return;
  const form = (axis: 0 | 1) => (axis === 0 ? "[T, B, …]" : "[B, T, …]");
  throw new ArgumentError(
    `${caller}: the model must take for time what is time in the data; got x ${describe(x)}, which is ${form(time)}, for a model of ${form(timeAxis)}. Make its recurrent layers ${time === 1 ? "with { batchFirst: true }, and nn.lastStep too" : "without batchFirst"}, or turn the data.`,
  );
}
