import {
  aName,
  callable,
  check,
  checkOptions,
  count,
  flag,
  isRecord,
  list,
  record,
  rule,
  shown,
  text,
} from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import {
  type DType,
  describe,
  type Runtime,
  type Shape,
  type Tensor,
  Variable,
} from "../functions.ts";
import { checkTensor, isFrozen, moveVariables, nextNodeId } from "../internals.ts";
import { setFrozen } from "./frozen.ts";
import type {
  AnyModule,
  Children,
  Definition,
  Each,
  Mode,
  Module,
  Parameter,
  State,
  Stepped,
  Tensors,
  TensorsByName,
} from "./module.ts";
import { observe } from "./observe.ts";
import { exportState, importState } from "./state-dict.ts";
import { summarise } from "./summary.ts";
import { checkTensors, checkTensorsLike } from "./tensors.ts";
import { join, variablesOf } from "./tree.ts";

/**
 * A module of one's own, made as the layers are. What `forward` calls is listed under `children`, so that its
 * parameters are found: modules, or lists and records of modules; names are the paths of the state dict.
 *
 * ```ts
 * const residual = (inner: Module) =>
 *   nn.module("residual", { children: { inner }, forward: (x) => add(x, inner(x)) });
 * ```
 *
 * With `forward` every sequence begins from zeros, as in PyTorch: what recurrent children would carry into the next window is
 * dropped, and windows of a Trainer and `nn.stateful` refuse such a model. Give `step` in its place where state goes on.
 * @throws ArgumentError for an empty kind or name, a name with a dot, and a parameter that is not f32
 */
export function module<I extends string, Y extends Tensors = Tensor>(
  kind: string,
  definition: Definition<TensorsByName<I>, Y> & { readonly inputDType: Readonly<Record<I, DType>> },
): Module<TensorsByName<I>, Y>;
export function module<Y extends Tensors = Tensor>(
  kind: string,
  definition: Definition<Tensor, Y>,
): Module<Tensor, Y>;
export function module<X extends Tensors, Y extends Tensors>(
  kind: string,
  definition: Definition<X, Y>,
): Module<X, Y> {
  checkDefinition(kind, definition);
  const children = Object.entries(definition.children ?? {}).flatMap(([name, held]) =>
    childrenOf(kind, name, held),
  );
  const own = ownVariables(kind, "parameter", definition.parameters);
  const ownBuffers = ownVariables(kind, "buffer", definition.buffers);
  checkNames(kind, [
    ...Object.keys(definition.children ?? {}),
    ...Object.keys(own),
    ...Object.keys(ownBuffers),
  ]);
  const mode: { isTraining: boolean } = { isTraining: true };
  const ofChildren = (batchSize: number) =>
    children.flatMap(([, child]) => child.stateShapes(batchSize));
  // A forward pass begins its sequences from zeros, whatever its children could carry.
  const stateShapes =
    definition.stateShapes ?? (definition.forward === undefined ? ofChildren : () => []);
  const stateCount = stateShapes(1).length;
  const inputDType: AnyModule["inputDType"] =
    definition.inputDType ?? children[0]?.[1].inputDType ?? "f32";
  const step = (x: X, state: State | undefined): Stepped<Y> => {
    checkTensorsLike(kind, x, inputDType);
    checkState(kind, state, stateCount);
    const from = nextNodeId();
    const stepped = advance(definition, x, state, mode);
    checkTensors(kind, stepped.y, "what it returns");
    observe(self, stepped.y, from);
    return stepped;
  };
  const self: Module<X, Y> = Object.assign((x: X) => step(x, undefined).y, {
    kind,
    description: definition.description ?? kind,
    children,
    own,
    ownBuffers,
    mode,
    inputDType,
    timeAxis: definition.timeAxis,
    made: definition.made,
    step,
    stateShapes(batchSize: number) {
      check(kind, "batchSize", batchSize, count);
      return stateShapes(batchSize);
    },
    parameters: () => [...new Set(self.namedParameters().values())],
    trainableParameters: () => self.parameters().filter((parameter) => !isFrozen(parameter)),
    namedParameters: () => variablesOf(self),
    buffers: () => [...new Set(self.namedBuffers().values())],
    namedBuffers: () => variablesOf(self, ({ ownBuffers }) => ownBuffers),
    freeze: (pattern?: string) => setFrozen("freeze", self.namedParameters(), pattern),
    unfreeze: (pattern?: string) => setFrozen("unfreeze", self.namedParameters(), pattern),
    train(isTraining = true) {
      check(kind, "isTraining", isTraining, flag);
      mode.isTraining = isTraining;
      for (const [, child] of children) child.train(isTraining);
    },
    eval: () => self.train(false),
    stateDict: () => exportState(self),
    loadStateDict: (...saved: Parameters<AnyModule["loadStateDict"]>) =>
      importState(self, ...saved),
    moveTo: (runtime: Runtime) => moveVariables([...self.parameters(), ...self.buffers()], runtime),
    summary: (inputShape: Each<X, Shape>) => summarise(self, inputShape),
  });
  const isSilent = definition.forward !== undefined && definition.stateShapes === undefined;
  if (isSilent && ofChildren(1).length > 0) dropping.add(self);
  return self;
}

const dropping = new WeakSet<AnyModule>();

/** Whether its forward pass drops what its children would carry. */
export function dropsState(module: AnyModule): boolean {
  return dropping.has(module);
}

function advance<X extends Tensors, Y extends Tensors>(
  definition: Definition<X, Y>,
  x: X,
  state: State | undefined,
  mode: Mode,
): Stepped<Y> {
  if (definition.forward !== undefined) return { y: definition.forward(x, mode), state: [] };
  const stepped = definition.step(x, state, mode);
  check("module", "what step returns", stepped, stepResult, "Return { y, state: [h] }.");
  return stepped;
}

const stepResult = rule(
  "{ y, state }, the state a list of tensors",
  (value) => isRecord(value) && Array.isArray(value.state),
);

function checkDefinition<X extends Tensors, Y extends Tensors>(
  kind: string,
  definition: Definition<X, Y>,
): void {
  check("module", "the kind", kind, aName, "It stands in errors and in summary().");
  check("module", "the definition", definition, record);
  checkOptions<Partial<Record<DefinitionKey, unknown>>>(kind, { ...definition }, DEFINITION);
  const { forward, step } = definition;
  if ((forward === undefined) === (step === undefined)) {
    throw new ArgumentError(
      `${kind}: a module must have either forward(x) or step(x, state); got ${forward ? "both" : "neither"}. Give step where it carries state.`,
    );
  }
}

/** The modules of a child, each with its path. */
function childrenOf(
  kind: string,
  path: string,
  held: Children,
  around: readonly Children[] = [],
): [string, AnyModule][] {
  if (aModule.holds(held) || !(isRecord(held) || Array.isArray(held))) {
    checkModule(kind, path, held);
    return [[path, held as AnyModule]];
  }
  if (around.includes(held)) {
    throw new ArgumentError(
      `${kind}: a list or record of modules must not hold itself; got it again as ${path}. Leave that out.`,
    );
  }
  checkNames(kind, Object.keys(held));
  // Holes in a list are no modules.
  const all = Object.entries(Array.isArray(held) ? Array.from(held) : held);
  return all.flatMap(([name, child]) =>
    childrenOf(kind, join(path, name), child as Children, [...around, held]),
  );
}

const DEFINITION = {
  description: text,
  parameters: record,
  buffers: record,
  children: record,
  inputDType: rule(
    "a dtype, or dtypes by name",
    (value) => typeof value === "string" || (isRecord(value) && Object.keys(value).length > 0),
  ),
  made: list,
  timeAxis: rule('0, 1 or "any"', (axis) => axis === 0 || axis === 1 || axis === "any"),
  forward: callable,
  step: callable,
  stateShapes: callable,
};
type DefinitionKey = keyof typeof DEFINITION;

/** @throws ArgumentError unless `value` is a module */
export function checkModule(caller: string, name: string, value: unknown): void {
  check(caller, name, value, aModule, "Make it by a layer, or by nn.module.");
}

const aModule = rule(
  "a module",
  (value) => typeof value === "function" && "own" in value && "stateShapes" in value,
);

function ownVariables(
  kind: string,
  role: "parameter" | "buffer",
  all: Readonly<Record<string, Variable | Parameter>> = {},
): Record<string, Parameter> {
  const own = Object.entries(all).map(([name, given]) => {
    const parameter = given instanceof Variable ? { variable: given } : given;
    const isHeld = isRecord(parameter) && "variable" in parameter;
    checkVariable(kind, role, name, isHeld ? parameter.variable : parameter);
    return [name, parameter] as const;
  });
  return Object.fromEntries(own);
}

function checkVariable(kind: string, role: string, name: string, variable: unknown): void {
  if (!(variable instanceof Variable)) {
    throw new ArgumentError(
      `${kind}: a ${role} must be a variable, or { variable, layout }; got ${shown(variable)} for ${name}. Make it by variable().`,
    );
  }
  const { type } = variable;
  if (type.dtype === "f32") return;
  throw new ArgumentError(
    `${kind}: a ${role} must be f32, as all that a state dict holds; got ${name} ${describe(type)}. Keep it outside the module.`,
  );
}

function checkNames(kind: string, names: readonly string[]): void {
  const wrong = names.find(
    (name, i) => name === "" || name.includes(".") || names.indexOf(name) < i,
  );
  if (wrong === undefined) return;
  throw new ArgumentError(
    `${kind}: names of children, parameters and buffers must be different from each other, not empty and free of dots; got "${wrong}". They make up the paths of the state dict.`,
  );
}

function checkState(kind: string, state: State | undefined, length: number): void {
  if (state === undefined) return;
  if (Array.isArray(state) && state.length === length) {
    for (const held of state) checkTensor(kind, held, "the state");
    return;
  }
  throw new ArgumentError(
    `${kind}: the state must be what the step before returned, ${length} tensors; got ${Array.isArray(state) ? state.length : shown(state)}. Leave it out to start from zeros.`,
  );
}
