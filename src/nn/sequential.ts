import { check, isRecord, record } from "../arguments.ts";
import type { Tensor } from "../functions.ts";
import { checkModule, module } from "./define.ts";
import type { Module } from "./module.ts";

/**
 * One module after the other: y = last(… second(first(x))). State of recurrent ones is carried for each of them.
 * Their names, and so the paths of the state dict, are "0", "1", …, or those given:
 * `nn.sequential({ embedding: nn.embedding(80, 32), lstm: nn.lstm(32, 128), linear: nn.linear(128, 80) })`.
 * @throws ArgumentError for what is no module, and for names with a dot; where it is called, whatever its modules throw
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
