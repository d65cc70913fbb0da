/**
 * Reductions of whole tensors take in what stands around them: other reductions of as many elements, the elementwise
 * ops that make their terms, and the ops on the few numbers that come out. A loss is then one step, from its rows to the
 * number and what its gradient is scaled by. Every item still waits only for what it reads: `placeOfBoth` decides where
 * the joined item stands, and a value is computed inside it only if nobody else reads it.
 */
import { type GraphValue, inputsOf } from "../graph/graph.ts";
import { bytesOf, sizeOf } from "../tensor/shape.ts";
import { whyFallback } from "./lower.ts";
import type { DeviceTraits } from "./lowering.ts";
import { placeOfBoth, readsAny } from "./order.ts";
import { finishOf, reductionWork } from "./reduction-work.ts";
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
  return work;
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
  readonly #work: Work[];
  readonly #kept: ReadonlySet<GraphValue>;
  readonly #maxOperands: number;

  constructor(work: Work[], kept: ReadonlySet<GraphValue>, maxOperands: number) {
    this.#work = work;
    this.#kept = kept;
    this.#maxOperands = maxOperands;
  }

  joinReductions(): void {
    for (let later = 0; later < this.#work.length; later++) {
      for (let earlier = Math.max(0, later - REACH); earlier < later; earlier++) {
        if (!this.#join(earlier, later)) continue;
        later--;
        break;
      }
    }
  }

  #join(earlier: number, later: number): boolean {
    const [a, b] = [this.#work[earlier], this.#work[later]];
    if (a?.kind !== "reduction" || b?.kind !== "reduction") return false;
    if (a.count !== b.count || a.count > JOINED_ELEMENTS || readsAny(b, writesOf(a))) return false;
    const place = placeOfBoth(this.#work, earlier, later);
    if (place === undefined) return false;
    return this.#replace([earlier, later], place, {
      before: [],
      reduces: [...a.parts.reduces, ...b.parts.reduces],
      behind: [],
      outs: [...a.parts.outs, ...b.parts.outs],
    });
  }

  /** Elementwise items that make terms, and nothing that others read, become part of the reduction. */
  takeTerms(): void {
    for (let at = 0; at < this.#work.length; at++) {
      for (let maker = Math.max(0, at - REACH); maker < at; maker++) {
        if (!this.#takeTerm(maker, at)) continue;
        at--;
        maker = Math.max(0, at - REACH) - 1;
      }
    }
  }

  #takeTerm(maker: number, at: number): boolean {
    const [made, reduction] = [this.#work[maker], this.#work[at]];
    if (made?.kind !== "elementwise" || reduction?.kind !== "reduction") return false;
    const { parts, count } = reduction;
    const terms = new Set(parts.reduces.map(({ ins }) => aliased(ins.x)));
    const isOnlyTerm = (out: GraphValue) =>
      terms.has(out) && sizeOf(out.type.shape) === count && this.#isReadOnlyBy([reduction], out);
    if (!made.outs.every(isOnlyTerm)) return false;
    return this.#replace([maker, at], at, { ...parts, before: [...parts.before, ...made.nodes] });
  }

  /** Items on single numbers become part of the last reduction whose result they read. */
  takeFinishes(traits: DeviceTraits): void {
    for (let at = 0; at < this.#work.length; at++) {
      for (let from = at - 1; from >= Math.max(0, at - REACH); from--) {
        if (!this.#takeFinish(from, at, traits)) continue;
        at--;
        break;
      }
    }
  }

  #takeFinish(from: number, at: number, traits: DeviceTraits): boolean {
    const [source, item] = [this.#work[from], this.#work[at]];
    if (source === undefined || item?.kind !== "elementwise") return false;
    if (!item.outs.every(({ type }) => sizeOf(type.shape) === 1)) return false;
    if (!item.ins.some((input) => writesOf(source).includes(aliased(input)))) return false;
    const place = placeOfBoth(this.#work, from, at);
    if (place === undefined) return false;
    const outs = [...writesOf(source), ...item.outs].filter(
      (out) => !this.#isReadOnlyBy([source, item], out),
    );
    if (source.kind === "reduction") {
      const { parts } = source;
      const behind = [...parts.behind, ...item.nodes];
      return this.#replace([from, at], place, { ...parts, behind, outs });
    }
    const finished = finishedSum(source, item, outs, traits);
    return finished !== undefined && this.#put([from, at], place, finished);
  }

  #isReadOnlyBy(readers: readonly Work[], value: GraphValue): boolean {
    if (this.#kept.has(viewed(value))) return false;
    return this.#work.every(
      (other) =>
        readers.includes(other) || !readsOf(other).some((read) => viewed(read) === viewed(value)),
    );
  }

  #replace(pair: readonly [number, number], place: number, parts: ReductionParts): boolean {
    const order = this.#work[place]?.order ?? 0;
    const joined = reductionWork(parts, order);
    return joined !== undefined && this.#put(pair, place, joined);
  }

  /** Puts `joined` at `place` for the two items of `pair`, if a kernel can have so many operands. */
  #put(
    [earlier, later]: readonly [number, number],
    place: number,
    joined: ReductionWork | OpWork,
  ): boolean {
    if (operandsOf(joined) > this.#maxOperands) return false;
    this.#work[place] = joined;
    this.#work.splice(place === later ? earlier : later, 1);
    return true;
  }
}

/** The sum of squares over tensors with what is done with the number. */
function finishedSum(
  source: Work,
  item: ElementwiseWork,
  outs: readonly GraphValue[],
  traits: DeviceTraits,
): OpWork | undefined {
  if (source.kind !== "op" || source.node.op !== "sumOfSquares") return undefined;
  const types = inputsOf(source.node).map(({ type }) => type);
  if (whyFallback(source.node, types, traits) !== undefined) return undefined;
  const behind = [...(source.finish?.nodes ?? []), ...item.nodes];
  const finish = finishOf([source.node], behind, outs);
  return { ...source, finish, order: item.order, label: `${source.label} + ${item.label}` };
}

/** Of both passes, if it takes two: the second one reads partial sums in the place of the terms' inputs. */
function operandsOf(work: ReductionWork | OpWork): number {
  const { finish } = work;
  const numbers = finish === undefined ? 0 : finish.numbers.length + finish.outs.length;
  return work.kind === "reduction" ? Math.max(1, work.termIns.length) + numbers : 1 + numbers;
}
