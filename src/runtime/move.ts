import { check, rule } from "../arguments.ts";
import { GradgpuError } from "../errors.ts";
import { queueOf } from "./locate.ts";
import type { Runtime } from "./runtime.ts";
import type { Variable } from "./tensor.ts";

/** By its queue: the class itself imports this file. */
const aRuntime = rule(
  "a runtime",
  (value) => typeof value === "object" && value !== null && "enqueue" in value && "device" in value,
);

/**
 * Moves `variables` to another open runtime, after everything that was called before; what is called once the promise has
 * settled finds them there. Those that lie side by side do so there, too.
 * @throws GradgpuError where that runtime is closed or lost, or what is to be moved went with its device
 */
export async function moveVariables(
  variables: Iterable<Pick<Variable, "cell">>,
  to: Runtime,
): Promise<void> {
  check("moveTo", "the runtime", to, aRuntime, "Take that of `await init()`.");
  if (to.isDead || to.isClosing) {
    throw new GradgpuError(
      "moveTo: the runtime must be open; got one that was closed or lost. Open another one with init().",
    );
  }
  const groups = new Map<Runtime | undefined, Pick<Variable, "cell">[]>();
  for (const cell of new Set([...variables].map((one) => one.cell))) {
    const from = queueOf([cell]);
    groups.set(from, [...(groups.get(from) ?? []), { cell }]);
  }
  await Promise.all(
    [...groups].map(([from, group]) => {
      if (from !== undefined && from !== to) return from.move(group, to);
      for (const { cell } of group) cell.home = to;
      return undefined;
    }),
  );
}
