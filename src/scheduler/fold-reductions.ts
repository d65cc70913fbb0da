/**
 * Reductions of whole tensors take in what stands around them: other reductions of as many elements, the elementwise
 * ops that make their terms, and the ops on the few numbers that come out. A loss is then one step, from its rows to the
 * number and what its gradient is scaled by. Every item still waits only for what it reads: `placeOfBoth` decides where
 * the joined item stands, and a value is computed inside it only if nobody else reads it.
 */
import { type GraphValue, inputsOf, type OpNode } from "../graph/graph.ts";
import { bytesOf, sizeOf } from "../tensor/shape.ts";
import { MAX_OPS } from "./elementwise.ts";
import { whyFallback } from "./lower.ts";
import type { DeviceTraits } from "./lowering.ts";
import { finishOf, reductionWork } from "./reduction-work.ts";
import { type Item, itemsBefore, Sequence } from "./sequence.ts";
import {
  aliased,
  type ElementwiseWork,
  type OpWork,
  type ReductionParts,
  type ReductionWork,
  readsOf,
  viewed,
  type Work,
  writesOf,
} from "./work.ts";

/** Larger reductions are not joined: their inputs would live longer for the sake of one step. */
const JOINED_ELEMENTS = 2 ** 20;

/** How far back an item looks for one to join: keeps the time to plan a long graph linear. */
const REACH = 64;

export function foldReductions(
  sequence: readonly Work[],
  kept: readonly GraphValue[],
  traits: DeviceTraits,
): Work[] {
  if (traits.reduction === undefined) return [...sequence];
  const work = sequence.map((item) => asReduction(item, traits) ?? item);
  const folder = new Folder(work, new Set(kept.map(viewed)), traits.maxElementwiseOperands);
  folder.joinReductions();
  folder.takeTerms();
  folder.takeFinishes(traits);
  return folder.sequence.work();
}

/** A reduction of a whole tensor as work of its own kind. */
function asReduction(work: Work, traits: DeviceTraits): ReductionWork | undefined {
  if (work.kind !== "op" || work.node.op !== "reduce") return undefined;
  const { node } = work;
  const { out } = node.outs;
  if (sizeOf(out.type.shape) !== 1 || sizeOf(node.ins.x.type.shape) === 0) return undefined;
  if (bytesOf(node.ins.x.type) > traits.maxRegionBytes) return undefined;
  return reductionWork({ before: [], reduces: [node], behind: [], outs: [out] }, work.order);
}

class Folder {
  readonly sequence: Sequence;
  readonly #kept: ReadonlySet<GraphValue>;
  readonly #maxOperands: number;

  constructor(work: readonly Work[], kept: ReadonlySet<GraphValue>, maxOperands: number) {
    this.sequence = new Sequence(work);
    this.#kept = kept;
    this.#maxOperands = maxOperands;
  }

  joinReductions(): void {
    for (const later of this.sequence.items()) {
      if (later.work.kind !== "reduction") continue;
      for (const earlier of itemsBefore(later, REACH)) if (this.#join(earlier, later)) break;
    }
  }

  #join(earlier: Item, later: Item): boolean {
    const [a, b] = [earlier.work, later.work];
    if (a.kind !== "reduction" || b.kind !== "reduction") return false;
    if (a.count !== b.count || a.count > JOINED_ELEMENTS) return false;
    if (operandsOf(a) + operandsOf(b) > this.#maxOperands) return false;
    if (readsOf(b).some((value) => this.sequence.makerOf(value) === earlier)) return false;
    const place = this.sequence.placeOfBoth(earlier, later);
    if (place === undefined) return false;
    return this.#replace(earlier, later, place, {
      before: [],
      reduces: [...a.parts.reduces, ...b.parts.reduces],
      behind: [],
      outs: [...a.parts.outs, ...b.parts.outs],
    });
  }

  /** Elementwise items that make terms, and nothing that others read, become part of the reduction. */
  takeTerms(): void {
    for (const at of this.sequence.items()) {
      let found = at.work.kind === "reduction";
      // What made a term may itself read what was made for this alone.
      while (found) {
        found = false;
        for (const maker of itemsBefore(at, REACH)) {
          found = this.#takeTerm(maker, at);
          if (found) break;
        }
      }
    }
  }

  #takeTerm(maker: Item, at: Item): boolean {
    const [made, reduction] = [maker.work, at.work];
    if (made.kind !== "elementwise" || reduction.kind !== "reduction") return false;
    const { parts, count } = reduction;
    if (parts.before.length + made.nodes.length > MAX_OPS) return false;
    const isOnlyTerm = (out: GraphValue) =>
      sizeOf(out.type.shape) === count &&
      parts.reduces.some(({ ins }) => aliased(ins.x) === out) &&
      this.#isReadOnlyBy([at], out);
    if (!made.outs.every(isOnlyTerm)) return false;
    const before = [...parts.before, ...made.nodes];
    return this.#replace(maker, at, at, { ...parts, before });
  }

  /** Items on single numbers become part of the last reduction whose result they read. */
  takeFinishes(traits: DeviceTraits): void {
    for (const at of this.sequence.items()) {
      const { work } = at;
      if (work.kind !== "elementwise") continue;
      if (!work.outs.every(({ type }) => sizeOf(type.shape) === 1)) continue;
      const sources = new Set(work.ins.map((input) => this.sequence.makerOf(input)));
      const near = [...itemsBefore(at, REACH)].filter((item) => sources.has(item));
      near.reverse().some((from) => this.#takeFinish(from, at, work, traits));
    }
  }

  #takeFinish(from: Item, at: Item, item: ElementwiseWork, traits: DeviceTraits): boolean {
    const source = from.work;
    const isSum = source.kind === "op" && source.node.op === "sumOfSquares";
    if (source.kind !== "reduction" && !isSum) return false;
    const place = this.sequence.placeOfBoth(from, at);
    if (place === undefined) return false;
    const outs = [...writesOf(source), ...item.outs].filter(
      (out) => !this.#isReadOnlyBy([from, at], out),
    );
    const folded = source.kind === "reduction" ? source.parts.behind : source.finish?.nodes;
    const behind = [...(folded ?? []), ...item.nodes];
    if (behind.length > MAX_OPS) return false;
    if (source.kind === "reduction")
      return this.#replace(from, at, place, { ...source.parts, behind, outs });
    const finished = finishedSum(source, item, behind, outs, traits);
    return finished !== undefined && this.#put(from, at, place, finished);
  }

  #isReadOnlyBy(readers: readonly Item[], value: GraphValue): boolean {
    return !this.#kept.has(viewed(value)) && this.sequence.isReadOnlyBy(readers, value);
  }

  #replace(earlier: Item, later: Item, place: Item, parts: ReductionParts): boolean {
    const joined = reductionWork(parts, place.work.order);
    return joined !== undefined && this.#put(earlier, later, place, joined);
  }

  /** Puts `joined` at `place` for two items, if a kernel can have so many operands. */
  #put(earlier: Item, later: Item, place: Item, joined: ReductionWork | OpWork): boolean {
    if (operandsOf(joined) > this.#maxOperands) return false;
    this.sequence.join(earlier, later, place, joined);
    return true;
  }
}

/** The sum of squares over tensors with what is done with the number. */
function finishedSum(
  source: OpWork,
  item: ElementwiseWork,
  behind: readonly OpNode[],
  outs: readonly GraphValue[],
  traits: DeviceTraits,
): OpWork | undefined {
  if (source.node.op !== "sumOfSquares") return undefined;
  const types = inputsOf(source.node).map(({ type }) => type);
  if (whyFallback(source.node, types, traits) !== undefined) return undefined;
  const finish = finishOf([source.node], behind, outs);
  return { ...source, finish, order: item.order, label: `${source.label} + ${item.label}` };
}

/** Of both passes, if it takes two: the second one reads partial sums in the place of the terms' inputs. */
function operandsOf(work: ReductionWork | OpWork): number {
  const { finish } = work;
  const numbers = finish === undefined ? 0 : finish.numbers.length + finish.outs.length;
  return work.kind === "reduction" ? Math.max(1, work.termIns.length) + numbers : 1 + numbers;
}
