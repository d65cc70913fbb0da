/** How far a fit has come, saved: whether it has the form of that, whatever the model. */
import {
  check,
  count,
  finite,
  flag,
  isListOf,
  list,
  notNegative,
  number,
  type Rule,
  record,
  rule,
  whole,
} from "../arguments.ts";

type Given = Readonly<Record<string, unknown>>;

/** @throws ArgumentError */
export function checkProgress(caller: string, remedy: string, fit: unknown): void {
  const recordOf = (name: string, given: unknown): Given => {
    check(caller, name, given, record, remedy);
    return given as Given;
  };
  const checkAll = (of: string, given: unknown, rules: Readonly<Record<string, Rule>>): Given => {
    const held = recordOf(of, given);
    for (const [name, own] of Object.entries(rules))
      check(caller, `${name} of ${of}`, held[name], own, remedy);
    return held;
  };
  const numbers = (name: string, given: unknown) => {
    for (const one of Object.keys(recordOf(name, given))) checkAll(name, given, { [one]: number });
  };
  const report = (name: string, given: unknown) => {
    const { metrics, validation } = checkAll(name, given, REPORT);
    numbers(`metrics of ${name}`, metrics);
    if (validation !== undefined) numbers(`validation of ${name}`, validation);
  };

  const held = checkAll("fit", fit, FIT);
  const { batch, pass, last, epochs, scores, earlyStopping, bestCheckpoint } = held;
  if (bestCheckpoint !== undefined) checkAll("bestCheckpoint", bestCheckpoint, BEST);
  const form = recordOf("pass of fit", pass);
  for (const [name, own] of Object.entries(PASS))
    if (form[name] !== undefined) check(caller, `${name} of pass`, form[name], own, remedy);
  for (const [i, one] of Object.entries(epochs as unknown[])) report(`epochs[${i}]`, one);
  // Where an epoch has but to be closed it is needed.
  if (last !== undefined || batch !== 0) report("last of fit", last);
  if (scores !== undefined) {
    const { means, parts } = recordOf("scores of fit", scores);
    for (const [name, one] of Object.entries(recordOf("means of scores", means)))
      checkAll(`mean ${name}`, one, SUM);
    for (const [name, one] of Object.entries(recordOf("parts of scores", parts)))
      for (const [part, collected] of Object.entries(recordOf(`parts of ${name}`, one)))
        check(caller, `${part} of ${name}`, collected, COLLECTED, remedy);
  }
  if (earlyStopping === undefined) return;
  const { best, weights } = checkAll("earlyStopping", earlyStopping, { worse: whole });
  if (best !== undefined) checkAll("best of earlyStopping", best, BEST);
  if (weights !== undefined) recordOf("weights of earlyStopping", weights);
}

const FIT = { batch: whole, steps: whole, stoppedEarly: flag, epochs: list };
const SUM = { total: number, count: notNegative };
const COLLECTED = rule(
  "a list of numbers, or a Float32Array",
  (value) => value instanceof Float32Array || isListOf(value, number.holds),
);
const BEST = { epoch: whole, value: number };
const PASS = { batchSize: count, dropLast: flag, seed: finite, batches: count };
const REPORT = { step: whole, epoch: whole, ahead: whole, loss: number, gradientNorm: number };
