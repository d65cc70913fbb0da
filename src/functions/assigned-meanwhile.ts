import { ArgumentError } from "../errors.ts";
import { type GraphValue, inputsOf, reachable } from "../graph/graph.ts";
import { Tensor, Variable } from "../runtime/tensor.ts";

/**
 * What `fn` returns, which is to be differentiated by `inputs`. A variable that is read there and then assigned to has two
 * values, and its gradient would be that of the last one alone: zeros, as a rule.
 * @throws ArgumentError for such a variable
 */
export function unassigned(caller: string, inputs: readonly Tensor[], fn: () => Tensor): Tensor {
  const before = inputs.map(({ value }) => value);
  const output = fn();
  const changed = inputs.flatMap((one, i) => {
    const value = before[i];
    return one instanceof Variable && one.value !== value ? [{ variable: one, value }] : [];
  });
  if (changed.length === 0 || !(output instanceof Tensor)) return output;
  const assigned = new Set(changed.map(({ variable }) => variable.value));
  const read = new Set<GraphValue | undefined>([output.value]);
  for (const node of reachable([output.value], assigned))
    for (const input of inputsOf(node)) read.add(input);
  const wrong = changed.find(({ value }) => read.has(value));
  if (wrong === undefined) return output;
  throw new ArgumentError(
    `${caller}: a variable must not be assigned to behind where it is read, in what is differentiated by it; got ${wrong.variable.name}. Assign it before or afterwards; nn.functionalCall applies a model with other parameters.`,
  );
}
