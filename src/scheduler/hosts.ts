/**
 * Elementwise work that the kernel of the op before it does with its results, before it stores them: an activation, a
 * residual, a dropout's mask, the gradient of any of them. The op *hosts* what only it is read by; what is stored is the
 * last value alone, or with it what gradients read besides: what an activation was given, a sigmoid within it.
 */
import { type GraphValue, inputsOf, type OpNode, outputsOf } from "../graph/graph.ts";
import { bytesOf, sameShape, sizeOf } from "../tensor/shape.ts";
import { isCheap, isElementwise } from "./elementwise.ts";
import { GroupBuilder, readFrom } from "./group-builder.ts";
import { whyFallback } from "./lower.ts";
import type { DeviceTraits, Epilogue, HostOp } from "./lowering.ts";
import { spaceOf } from "./space.ts";
import { walkAbove } from "./walk-links.ts";
import { aliased, viewed } from "./work.ts";

export type Users = ReadonlyMap<GraphValue, readonly OpNode[]>;

/** What an op could do with its result, and what would be stored then. */
export interface Hosted {
  readonly nodes: ReadonlySet<OpNode>;
  readonly result: GraphValue;
  /** Stored as well. */
  readonly more: readonly GraphValue[];
}

/** So many ops, and so many that take long, are printed for each element of a tile. */
const MAX_HOSTED = 32;
const MAX_SLOW = 4;

/** How far a node is looked for among what a value is made of. */
const REACH = 256;

const HOSTS: ReadonlySet<string> = new Set<HostOp>([
  "matmul",
  "conv2d",
  "conv2dInputGrad",
  "maxPool2d",
  "maxPool2dGrad",
  "avgPool2d",
  "avgPool2dGrad",
]);

function isHost(node: OpNode): node is OpNode<HostOp> {
  return HOSTS.has(node.op);
}

/** Who reads what, and what is read from outside. */
export interface Surroundings {
  readonly users: Users;
  readonly kept: ReadonlySet<GraphValue>;
  /** The variables that values become. */
  readonly updated: ReadonlyMap<GraphValue, GraphValue>;
}

/**
 * What `node` could host, the most first: each ends where one value is all that anybody else reads, or where a kernel
 * reads the last of a few, so that all have to be stored anyway. Nothing that is read besides waits for the node.
 */
export function hostable(node: OpNode, around: Surroundings, traits: DeviceTraits): Hosted[] {
  if (!isHost(node) || !hasKernel(node, traits) || isBelowWalk(node)) return [];
  const reads = new Set(inputsOf(node).map(viewed));
  // A kernel cannot write over what it multiplies: another step updates it in place.
  const isInPlace = (value: GraphValue) => {
    const updated = around.updated.get(aliased(value));
    return updated !== undefined && reads.has(updated);
  };
  return new Growth(node, around).found
    .filter(({ result, more }) => ![result, ...more].some(isInPlace))
    .reverse();
}

/** The product between two walks, which may be made in them. */
function isBelowWalk(node: OpNode<HostOp>): boolean {
  return node.op === "matmul" && walkAbove(node.ins.a) !== undefined;
}

/** A kernel that makes all of it in one call: parts of what is too large to be bound are stored as they are. */
function hasKernel(node: OpNode<HostOp>, traits: DeviceTraits): boolean {
  const types = [...inputsOf(node), ...outputsOf(node)].map(({ type }) => type);
  if (types.some((type) => bytesOf(type) > traits.maxRegionBytes)) return false;
  return whyFallback(node, types, traits) === undefined;
}

/** Takes in one reader after the other, the oldest first, as long as all of them are elementwise. */
class Growth {
  readonly found: Hosted[] = [];
  readonly #node: OpNode<HostOp>;
  readonly #users: Users;
  readonly #kept: ReadonlySet<GraphValue>;
  readonly #size: number;
  readonly #inside = new Set<OpNode>();

  constructor(node: OpNode<HostOp>, { users, kept }: Surroundings) {
    this.#node = node;
    this.#users = users;
    this.#kept = kept;
    this.#size = sizeOf(node.outs.out.type.shape);
    if (this.#size > 0) this.#grow();
  }

  #grow(): void {
    /** What somebody outside reads. */
    const open = new Set<GraphValue>([this.#node.outs.out]);
    for (;;) {
      const next = this.#next(open);
      if (next === undefined || !this.#takes(next)) return;
      this.#inside.add(next);
      const [out] = outputsOf(next);
      if (out === undefined) return;
      open.add(out);
      for (const value of open) if (!this.#isOpen(value)) open.delete(value);
      const [result, ...others] = [...open].reverse();
      if (result === undefined || !this.#isResult(result)) continue;
      if (others.length > 0 && !this.#isReadWhole(result)) continue;
      const more = [...new Set(others.map(aliased))];
      const nodes = this.#withMakers();
      if (isFew(nodes)) this.found.push({ nodes, result, more });
    }
  }

  /** The oldest op outside that reads one of `values`; undefined where one of them is wanted itself. */
  #next(values: ReadonlySet<GraphValue>): OpNode | undefined {
    let next: OpNode | undefined;
    for (const value of values) {
      if (this.#kept.has(value)) return undefined;
      for (const user of this.#users.get(value) ?? [])
        if (!this.#inside.has(user) && (next === undefined || user.id < next.id)) next = user;
    }
    return next;
  }

  #isOpen(value: GraphValue): boolean {
    if (this.#kept.has(value)) return true;
    return (this.#users.get(value) ?? []).some((user) => !this.#inside.has(user));
  }

  /** Whether a kernel reads it: nothing else can take it over on the way. */
  #isReadWhole(value: GraphValue): boolean {
    return (this.#users.get(value) ?? []).some(
      (user) =>
        isHost(user) || (isName(user) && outputsOf(user).some((own) => this.#isReadWhole(own))),
    );
  }

  #isResult({ node, type }: GraphValue): boolean {
    return type.dtype === "f32" && node.op !== "source" && isElementwise(node);
  }

  #takes(node: OpNode): boolean {
    const [out] = outputsOf(node);
    if (out === undefined || sizeOf(out.type.shape) !== this.#size) return false;
    if (isName(node)) return true;
    if (!isElementwise(node) || this.#inside.size >= MAX_HOSTED) return false;
    return inputsOf(node).every((input) => this.#isFree(readFrom(input)));
  }

  /** Whether `value` is made here, or there before the node. */
  #isFree(value: GraphValue): boolean {
    const { node } = value;
    if (value === readFrom(this.#node.outs.out)) return true;
    if (node.op === "source" || this.#inside.has(node)) return true;
    return !this.#waits(node);
  }

  /** Whether an op waits for the node, or may. */
  #waits(op: OpNode): boolean {
    const seen = new Set<OpNode>([op]);
    for (const next of seen) {
      if (next === this.#node || seen.size > REACH) return true;
      for (const { node } of inputsOf(next))
        if (node.op !== "source" && node.id >= this.#node.id) seen.add(node);
    }
    return false;
  }

  /** With the elementwise ops that nobody else reads, and which would be stored for it otherwise. */
  #withMakers(): Set<OpNode> {
    const all = new Set(this.#inside);
    for (const node of all)
      for (const input of inputsOf(node)) {
        const { node: maker } = input;
        if (maker.op === "source" || maker === this.#node || all.has(maker)) continue;
        if (all.size <= MAX_HOSTED && this.#isMadeFor(all, maker)) all.add(maker);
      }
    return all;
  }

  #isMadeFor(all: ReadonlySet<OpNode>, maker: OpNode): boolean {
    const [out] = outputsOf(maker);
    if (out === undefined || this.#kept.has(out) || sizeOf(out.type.shape) !== this.#size)
      return false;
    if (!isName(maker) && !isElementwise(maker)) return false;
    return (this.#users.get(out) ?? []).every((user) => all.has(user));
  }
}

function isFew(nodes: ReadonlySet<OpNode>): boolean {
  const ops = [...nodes].filter((node) => !isName(node));
  return ops.length <= MAX_HOSTED && ops.filter((node) => !isCheap(node)).length <= MAX_SLOW;
}

/** Another name of the same elements. */
function isName({ op }: OpNode): boolean {
  return op === "reshape" || op === "stopGradient";
}

/** The program of what is hosted, if the device's kernel takes it; `nodes` are those that it computes or reads through. */
export function epilogueOf(
  host: OpNode,
  { result, more }: Hosted,
  nodes: ReadonlySet<OpNode>,
  traits: DeviceTraits,
): Epilogue<GraphValue> | undefined {
  if (!isHost(host)) return undefined;
  const own = readFrom(host.outs.out);
  for (const { type } of [result, host.outs.out]) {
    const builder = new GroupBuilder(spaceOf(type.shape), nodes);
    const program = builder.program([result, ...more]);
    const reads = builder.ins.map((value) => readFrom(value) === own);
    if (program === undefined || program.segments !== undefined) continue;
    const [store] = program.stores;
    const isInOrder = reads.every((is, i) => {
      const view = program.inputs[i];
      return !is || (view?.offset === 0 && sameShape(view.strides, store?.strides ?? []));
    });
    const ins = builder.ins.map((value, i) => (reads[i] ? undefined : value));
    const epilogue = { program, ins, more };
    if (isInOrder && traits.hosts?.(host, epilogue)) return epilogue;
  }
  return undefined;
}
