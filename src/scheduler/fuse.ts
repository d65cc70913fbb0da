/**
 * Groups the nodes of a graph into work. An elementwise op joins the group of its consumers when all of them are in
 * one group: nothing outside then waits for it, so groups never depend on each other in a circle, and its value is
 * never stored. What follows a product or a pool alone is hosted by it (`hosts.ts`).
 */
import { type GraphValue, inputsOf, type OpNode, outputsOf, reachable } from "../graph/graph.ts";
import { bytesOf, sizeOf } from "../tensor/shape.ts";
import { isCheap, isElementwise, MAX_OPS, nameOf, throughBroadcasts } from "./elementwise.ts";
import { readFrom } from "./group-builder.ts";
import { elementwiseWork, reductionWork } from "./group-work.ts";
import { epilogueOf, type Hosted, hostable, type Users } from "./hosts.ts";
import type { DeviceTraits, Epilogue } from "./lowering.ts";
import { notePacks, segmentsIn } from "./packs.ts";
import type { PlanRequest } from "./request.ts";
import { viewsOf } from "./views.ts";
import { aliased, isAlias, type OpWork, plainWork, type Work } from "./work.ts";

interface Group {
  readonly root: OpNode;
  readonly nodes: OpNode[];
  readonly inputs: Set<GraphValue>;
}

/** `roots` is what is read from outside, `updates` what of it variables become. */
export function fuse(
  roots: readonly GraphValue[],
  traits: DeviceTraits,
  updates: PlanRequest["updates"] = [],
): Work[] {
  const nodes = reachable(roots).filter((node) => node.op !== "source");
  notePacks(nodes);
  const users = usersOf(nodes);
  const kept = new Set(roots);
  const updated = new Map(updates.map(({ source, value }) => [aliased(value), source.out]));
  const taken = new Set<OpNode>();
  const work: Work[] = [];
  const ops = nodes.filter((node) => !isElementwise(node) && !isAlias(node));
  const isRead = (node: OpNode): boolean => {
    if (node.op === "reduce") return reduces(node, traits);
    if (node.op === "broadcastTo")
      return (users.get(node.outs.out) ?? []).every(
        (user) => user.op !== "broadcastTo" || isRead(user),
      );
    return isElementwise(node);
  };
  const views = viewsOf(ops, users, kept, isRead, traits);
  const again = computedAgain(nodes, users, kept, isRead);
  const withRead = (own: readonly OpNode[]) =>
    withAll(own, (node) => views.has(node) || again.has(node));
  const made = ops.map((node) => {
    for (const hosted of hostable(node, { users, kept, updated }, traits)) {
      if ([...hosted.nodes].some((one) => taken.has(one))) continue;
      const read = new Set(withRead([...hosted.nodes]));
      const epilogue = epilogueOf(node, hosted, read, traits);
      if (epilogue === undefined) continue;
      for (const one of hosted.nodes) taken.add(one);
      return hostWork(node, hosted, epilogue);
    }
    return plainWork(node);
  });
  const isOwn = (node: OpNode) => isElementwise(node) && !taken.has(node) && !again.has(node);
  const terms = new Set<OpNode>();
  for (const item of made) {
    const { node } = item;
    if (views.has(node)) continue;
    if (node.op !== "reduce" || !reduces(node, traits)) {
      work.push(item);
      continue;
    }
    const term = termOf(node, users, kept);
    const whole = term && isOwn(term) ? reductionWork(node, withRead([node, term])) : undefined;
    if (term !== undefined && whole !== undefined) terms.add(term);
    work.push(whole ?? reductionWork(node, withRead([node])) ?? item);
  }
  const elementwise = nodes.filter((node) => isOwn(node) && !terms.has(node));
  const { maxElementwiseOperands } = traits;
  const others = new Set([...taken, ...terms]);
  for (const group of groupElementwise(elementwise, users, kept, others, maxElementwiseOperands)) {
    work.push(elementwiseWork(group.root, withRead(group.nodes)));
  }
  return work.sort((a, b) => a.order - b.order);
}

/** Whether a reduction can be part of a group on a device. Of a pack it has to be: only groups know where that is empty. */
function reduces({ ins }: OpNode<"reduce">, traits: DeviceTraits): boolean {
  const { type } = ins.x;
  if (sizeOf(type.shape) === 0) return false;
  return bytesOf(type) <= traits.maxRegionBytes || segmentsIn(ins.x) !== undefined;
}

/**
 * The op whose results a reduction alone reads: it is done while they are reduced, whatever else goes over what it reads in
 * another order.
 */
function termOf({ ins }: OpNode<"reduce">, users: Users, kept: ReadonlySet<GraphValue>) {
  let value = ins.x;
  const isRead = () => !kept.has(value) && users.get(value)?.length === 1;
  for (let { node } = value; node.op === "reshape" && isRead(); { node } = value)
    value = node.ins.x;
  const { node } = value;
  return node.op !== "source" && isRead() && !isFree(node) ? node : undefined;
}

/** `nodes`, and what they read that is part of how they read. */
function withAll(nodes: readonly OpNode[], isPart: (node: OpNode) => boolean): OpNode[] {
  const all = new Set(nodes);
  for (const node of all)
    for (const input of inputsOf(node)) {
      const { node: read } = readFrom(input);
      if (read.op !== "source" && isPart(read)) all.add(read);
    }
  return [...all];
}

/**
 * Ops that every group which reads them computes again, as that reads no more: a few cheap ones on one tensor that is
 * given, labels that are compared or cast. What they give is never stored, and nobody waits for it.
 */
function computedAgain(
  nodes: readonly OpNode[],
  users: Users,
  kept: ReadonlySet<GraphValue>,
  isRead: (reader: OpNode) => boolean,
): Map<OpNode, number> {
  const depths = new Map<OpNode, number>();
  for (const node of nodes) {
    const [out] = outputsOf(node);
    if (out === undefined || kept.has(out) || isFree(node) || !isCheap(node)) continue;
    // Numbers that are counted are not read.
    const read = storedInputs(node)
      .map(aliased)
      .filter((input) => input.node.op !== "iota");
    const [one, ...others] = new Set(read);
    if (one === undefined || others.length > 0) continue;
    const depth = one.node.op === "source" ? 0 : depths.get(one.node);
    const isNoMore = sizeOf(one.type.shape) <= sizeOf(out.type.shape);
    if (depth === undefined || depth === MAX_AGAIN || !isNoMore) continue;
    if ((users.get(out) ?? []).every(isRead)) depths.set(node, depth + 1);
  }
  return depths;
}
const MAX_AGAIN = 3;

function usersOf(nodes: readonly OpNode[]): Users {
  const users = new Map<GraphValue, OpNode[]>();
  for (const node of nodes) {
    for (const input of inputsOf(node)) {
      const list = users.get(input);
      if (list === undefined) users.set(input, [node]);
      else list.push(node);
    }
  }
  return users;
}

/** An op that does with its result what it hosts. */
function hostWork(node: OpNode, { nodes, result }: Hosted, epilogue: Epilogue<GraphValue>): OpWork {
  const ops = [...nodes].filter((one) => isElementwise(one) && !isFree(one));
  const names = ops.sort((a, b) => a.id - b.id).map(nameOf);
  const order = Math.max(...[...nodes].map(({ id }) => id));
  return { ...plainWork(node), epilogue, result, order, label: [node.op, ...names].join(" + ") };
}

function groupElementwise(
  nodes: readonly OpNode[],
  users: Users,
  kept: ReadonlySet<GraphValue>,
  taken: ReadonlySet<OpNode>,
  maxOperands: number,
): Group[] {
  const groupOf = new Map<OpNode, Group>();
  const groups: Group[] = [];
  for (const node of [...nodes].reverse()) {
    const out = outputsOf(node)[0];
    if (out === undefined) continue;
    const consumers = users.get(out) ?? [];
    const isKept = kept.has(out);
    // Literals and broadcasts are part of how their consumers read: they are stored only for other kinds of op.
    const reads = (consumer: OpNode) => groupOf.has(consumer) || taken.has(consumer);
    if (!isKept && isFree(node) && consumers.every(reads)) continue;
    const home = isKept ? undefined : commonGroup(consumers, groupOf);
    const inputs = storedInputs(node);
    if (home !== undefined && joins(out, inputs, home, maxOperands)) {
      home.nodes.push(node);
      home.inputs.delete(out);
      for (const input of inputs) home.inputs.add(input);
      groupOf.set(node, home);
    } else {
      const group: Group = { root: node, nodes: [node], inputs: new Set(inputs) };
      groups.push(group);
      groupOf.set(node, group);
    }
  }
  return groups;
}

function isFree(node: OpNode): boolean {
  return node.op === "literal" || node.op === "broadcastTo";
}

function commonGroup(
  consumers: readonly OpNode[],
  groupOf: ReadonlyMap<OpNode, Group>,
): Group | undefined {
  const first = consumers[0] === undefined ? undefined : groupOf.get(consumers[0]);
  return first !== undefined && consumers.every((consumer) => groupOf.get(consumer) === first)
    ? first
    : undefined;
}

/** A smaller value is computed once and read many times, rather than computed again for every element. */
function joins(
  out: GraphValue,
  reads: readonly GraphValue[],
  { root, nodes, inputs }: Group,
  maxOperands: number,
): boolean {
  const its = outputsOf(root)[0];
  if (its === undefined || nodes.length === MAX_OPS) return false;
  if (sizeOf(out.type.shape) !== sizeOf(its.type.shape)) return false;
  const more = new Set(reads.filter((read) => !inputs.has(read)));
  return inputs.size + more.size - (inputs.has(out) ? 1 : 0) + 1 <= maxOperands;
}

/** What a node reads from memory, looking through broadcasts and past literals. */
function storedInputs(node: OpNode): GraphValue[] {
  return inputsOf(node)
    .map(throughBroadcasts)
    .filter((input) => input.node.op !== "literal");
}
