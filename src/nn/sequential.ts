import { check, isRecord, record } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { Tensor } from "../functions.ts";
import { checkModule, module } from "./define.ts";
import type { Module } from "./module.ts";

/**
 * One module after the other: y = last(… second(first(x))). State of recurrent ones is carried for each of them.
 * Their names, and so the paths of the state dict, are "0", "1", …, or those given:
 * `nn.sequential({ embedding: nn.embedding(80, 32), lstm: nn.lstm(32, 128), linear: nn.linear(128, 80) })`.
 * @throws ArgumentError for what is no module, for names with a dot, and for layers of [B, T, …] and of [T, B, …] after each
 *   other; where it is called, whatever its modules throw
 */
export function sequential(...modules: readonly Module[]): Module;
export function sequential(modules: Readonly<Record<string, Module>>): Module;
export function sequential(
  ...given: readonly Module[] | readonly [Readonly<Record<string, Module>>]
): Module {
  const [first] = given;
  const children: Readonly<Record<string, Module>> = isRecord(first)
    ? first
    : Object.fromEntries(Object.entries(given as Module[]));
  check("sequential", "the modules", children, record);
  for (const [name, child] of Object.entries(children)) checkModule("sequential", name, child);
  checkTimes(Object.values(children));
  const chain = Object.values(children).map((child) => ({
    child,
    states: child.stateShapes(1).length,
  }));
  const taking = chain.find(({ child }) => child.timeAxis !== "any");
  const timeAxis = taking === undefined ? "any" : taking.child.timeAxis;
  return module("sequential", {
    made: ["sequential", children],
    children,
    ...(timeAxis !== undefined && { timeAxis }),
    step(x, state) {
      let y = x;
      let used = 0;
      const next: Tensor[] = [];
      for (const { child, states } of chain) {
        const done = child.step(y, state?.slice(used, used + states));
        used += states;
        next.push(...done.state);
        y = done.y;
      }
      return { y, state: next };
    },
  });
}

/** What stands between two layers and does not say which dimension is time may have turned it. */
function checkTimes(layers: readonly Module[]): void {
  let before: Module | undefined;
  for (const layer of layers) {
    if (layer.timeAxis === "any") continue;
    const axes = [before?.timeAxis, layer.timeAxis];
    if (before !== undefined && axes.includes(0) && axes.includes(1)) {
      throw new ArgumentError(
        `sequential: layers after each other must take the same dimension for time; got ${formOf(before)} before ${formOf(layer)}. Make all with { batchFirst: true }, as conv1d always is, or put a module of your own between them that transposes.`,
      );
    }
    before = layer;
  }
}

const formOf = ({ description, timeAxis }: Module) =>
  `${description}, which takes ${timeAxis === 1 ? "[B, T, …]" : "[T, B, …]"},`;
