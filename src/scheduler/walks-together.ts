/**
 * Recurrent layers that a device gains by walking together become one item: layers above each other as a wavefront, where
 * layer l takes a step while the one below takes the next, and makes the product between them on the way; and walks that
 * do not wait for each other side by side, as the two directions of a layer. Gradients are walked as their layers were.
 * Outputs stay what they are: whoever reads states, tapes or gradients finds them as if each layer had been walked alone.
 */
import { type GraphValue, inputsOf, type OpNode } from "../graph/graph.ts";
import type { WalkOp } from "../ops/vocabulary.ts";
import { Dependencies, type Item } from "./dependencies.ts";
import { isWalk } from "./expand.ts";
import type { CellWalks, DeviceTraits } from "./lowering.ts";
import { isStack, sitesOf, type WalkedLayer } from "./walk-layers.ts";
import {
  areAlike,
  isCopied,
  type Product,
  productOf,
  seen,
  tapeOf,
  walkAbove,
  walkBelow,
  withoutMask,
} from "./walk-links.ts";
import { readsOf, type Work } from "./work.ts";

export function joinWalks(
  work: readonly Work[],
  kept: readonly GraphValue[],
  { walks }: DeviceTraits,
): readonly Work[] {
  const count = work.filter((item) => layersOf(item).length > 0).length;
  if (walks?.together === undefined || count < 2) return work;
  return new WalkJoiner(work, kept, walks.together).joined();
}

/** Walks side by side are found so many places apart: what lies between them is there for longer. */
const REACH = 64;

type Together = NonNullable<CellWalks["together"]>;

class WalkJoiner {
  readonly #work: readonly Work[];
  readonly #graph: Dependencies;
  readonly #together: Together;
  #isChanged = false;

  constructor(work: readonly Work[], kept: readonly GraphValue[], together: Together) {
    this.#work = work;
    this.#graph = new Dependencies(work, kept);
    this.#together = together;
  }

  joined(): readonly Work[] {
    for (const [item, node] of this.#alone("recurrence")) this.#joinBelow(item, node);
    this.#joinSides("recurrence");
    for (const [item, node] of this.#alone("recurrenceGrad")) this.#joinAbove(item, node);
    this.#joinSides("recurrenceGrad");
    return this.#isChanged ? this.#graph.inOrder() : this.#work;
  }

  /** Items of one layer. */
  #alone<K extends WalkOp>(op: K): (readonly [Item, OpNode<K>])[] {
    return this.#graph.items().flatMap((item) => {
      const [layer, ...others] = layersOf(item.work);
      if (layer?.node.op !== op || others.length > 0) return [];
      return [[item, layer.node as OpNode<K>] as const];
    });
  }

  /** A layer and the stack that it stands on. */
  #joinBelow(item: Item, node: OpNode<"recurrence">): void {
    const product = this.#productOf(node.ins.projected, false);
    if (product?.bias === undefined) return;
    const walk = walkBelow(product.x, node.ins.lengths);
    const below = this.#walkOf(walk);
    const layers = layersOf(below?.work);
    if (below === undefined || layers.at(-1)?.node !== walk || !isStack(layers)) return;
    const { weights: input, bias } = product;
    this.#join([below, item], [...layers, { node, below: { input, bias } }]);
  }

  /** The gradient of a layer and of the stack on it, where the layers are walked so. */
  #joinAbove(item: Item, node: OpNode<"recurrenceGrad">): void {
    const g = node.ins.gStates[node.attrs.watched.indexOf(0)];
    if (g === undefined || !this.#graph.isReadOnce(g)) return;
    const product = this.#productOf(withoutMask(g, node.ins.lengths), true);
    if (product === undefined || product.bias !== undefined) return;
    const walk = walkAbove(product.x);
    const above = walk && this.#graph.makerOf(walk.outs.gProjected);
    const [lowest, ...others] = layersOf(above?.work);
    if (above === undefined || walk === undefined || lowest?.node !== walk) return;
    if (!isStack([lowest, ...others])) return;
    const layers = layersOf(this.#walkOf(node)?.work).map((layer) => tapeOf(layer.node));
    const place = layers.indexOf(tapeOf(node));
    if (place === -1 || layers[place + 1] !== tapeOf(walk)) return;
    const { weights: input } = product;
    this.#join(
      [above, item],
      [{ node }, { ...lowest, below: { input, bias: undefined } }, ...others],
    );
  }

  #joinSides(op: WalkOp): void {
    let open: Item[] = [];
    for (const [item, node] of this.#alone(op)) {
      // A checkpoint's copy is there to be walked late.
      if (node.op === "recurrence" && this.#isCopied(node)) continue;
      open = open.filter(({ last }) => item.first - last <= REACH);
      let own = item;
      for (const other of [...open].reverse()) {
        const joined = this.#join([other, own], [...layersOf(other.work), { node }]);
        if (joined === undefined) continue;
        open = open.filter((one) => one !== other);
        own = joined;
        break;
      }
      open.push(own);
    }
  }

  #join(items: readonly Item[], layers: readonly WalkedLayer[]): Item | undefined {
    const op = layers[0]?.node.op;
    const isStacked = isStack(layers);
    if (op === undefined || !areAlike(layers, isStacked)) return undefined;
    if (op === "recurrenceGrad" && !this.#haveTapesTogether(layers)) return undefined;
    if (!this.#together.gains(op, sitesOf(layers))) return undefined;
    const order = Math.min(...items.map(({ work }) => work.order));
    const work: Work = { kind: "walks", op, layers, order, label: `${op} × ${layers.length}` };
    const reads = readsOf(work);
    if (items.some((item) => this.#graph.wait(reads, item))) return undefined;
    this.#isChanged = true;
    return this.#graph.join(items, work);
  }

  /** Whether the layers of these gradients are walked together, each once. */
  #haveTapesTogether(layers: readonly WalkedLayer[]): boolean {
    const walks = new Set(layers.map(({ node }) => this.#walkOf(node)));
    const tapes = new Set(layers.map(({ node }) => tapeOf(node)));
    return walks.size === 1 && !walks.has(undefined) && tapes.size === layers.length;
  }

  /** The item that walks the layer itself. */
  #walkOf(node: OpNode<WalkOp> | undefined): Item | undefined {
    const tape = node && tapeOf(node);
    return tape && this.#graph.makerOf(tape);
  }

  /** The product that is made for `value` alone, which is read once. */
  #productOf(value: GraphValue, isTurned: boolean): Product | undefined {
    if (seen(value).node.op === "recompute" || !this.#graph.isReadOnce(value)) return undefined;
    const maker = this.#graph.makerOf(value);
    return maker && productOf(maker.work, isTurned);
  }

  #isCopied(node: OpNode<"recurrence">): boolean {
    const product = this.#graph.makerOf(node.ins.projected);
    return isCopied([...inputsOf(node), ...(product ? readsOf(product.work) : [])]);
  }
}

function layersOf(work: Work | undefined): readonly WalkedLayer[] {
  if (work?.kind === "walks") return work.layers;
  return work?.kind === "op" && isWalk(work.node) ? [{ node: work.node }] : [];
}
