/** Schedules as test/goldens/optimizers.json writes them: a number, or a name and options. */
import { optim } from "../../src/index.ts";

export type ScheduleText = number | readonly [name: string, options: object];

const makers: Readonly<Record<string, (options: never) => optim.Schedule>> = {
  stepDecay: optim.stepDecay,
  multiStep: optim.multiStep,
  exponential: optim.exponential,
  polynomial: optim.polynomial,
  cosine: optim.cosine,
  oneCycle: optim.oneCycle,
  warmUp: optim.warmUp,
  inTurn: optim.inTurn,
};

export function scheduleOf(text: ScheduleText): number | optim.Schedule {
  if (typeof text === "number") return text;
  const [name, options] = text;
  const inner = Object.entries(options).map(([key, value]): [string, unknown] => [
    key,
    key === "rate" ? scheduleOf(value) : key === "schedules" ? value.map(scheduleOf) : value,
  ]);
  const make = makers[name];
  if (make === undefined) throw new Error(`there is no schedule ${name}`);
  return make(Object.fromEntries(inner) as never);
}
