import { check, text } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, sizeOf } from "../tensor/shape.ts";
import { checkTensorList } from "./apply.ts";
import { mul } from "./elementwise.ts";
import { diagonal } from "./grids.ts";
import { matmul } from "./matmul.ts";
import { broadcastTo, reshape, transpose } from "./movement.ts";
import { sum } from "./reduce.ts";

/** A tensor whose dimensions have names; a name stands once. */
interface Named {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * Einstein's sums: einsum("bij,bjk->bik", a, b) multiplies the tensors where they agree in the letters and adds up over the
 * letters that the result lacks. Without an arrow the result has the letters that stand once, in the order of the alphabet.
 * A letter that stands twice in a tensor is its diagonal; "..." are the dimensions that are not named, which broadcast.
 * f32. Pairs are taken from the left, each one product of matrices, or of elements where nothing is summed.
 * @throws DTypeError for tensors that cannot be multiplied, ArgumentError for a pattern that cannot be read,
 *   ShapeError where tensors do not fit it
 */
export function einsum(pattern: string, ...xs: readonly Tensor[]): Tensor {
  check("einsum", "the pattern", pattern, text, 'For example "ij,jk->ik".');
  checkTensorList("einsum", xs);
  for (const [i, x] of xs.entries()) checkDType("einsum", `xs[${i}]`, x, ["f32"]);
  const { terms, result } = parsed(pattern, xs);
  const operands = xs.map((x, i) => withoutRepeats(x, terms[i] ?? []));
  checkSizes(pattern, operands, xs);
  const [first, ...rest] = operands;
  if (first === undefined) throw wrong(pattern, "there must be a tensor", "no tensors");
  const product = rest.reduce((left, right, i) => {
    // What nothing to come needs is summed now.
    const later = new Set([...result, ...rest.slice(i + 1).flatMap(({ labels }) => labels)]);
    return multiplied(summed(left, later, right), summed(right, later, left), later);
  }, first);
  const { x, labels } = summed(product, new Set(result), undefined);
  return transpose(
    x,
    result.map((label) => labels.indexOf(label)),
  );
}

/** The letters of every tensor and of the result; dimensions that "..." stands for are numbered from the right. */
function parsed(pattern: string, xs: readonly Tensor[]) {
  const parts = pattern.replaceAll(/\s/g, "").split("->");
  const [inputs = "", output] = parts;
  const texts = inputs.split(",");
  const isReadable = (term: string) => /^[A-Za-z]*(\.\.\.[A-Za-z]*)?$/.test(term);
  if (parts.length > 2 || ![...texts, output ?? ""].every(isReadable)) {
    throw wrong(pattern, 'the pattern must be letters, ",", "..." and one "->"', "it");
  }
  if (texts.length !== xs.length) {
    throw wrong(pattern, "there must be as many terms as tensors", `${xs.length} tensors`);
  }
  const terms = texts.map((term, i) => {
    const rank = xs[i]?.shape.length ?? 0;
    const hidden = rank - term.replace("...", "").length;
    if (hidden < 0 || (hidden > 0 && !term.includes("..."))) {
      const got = `"${term}" for ${describe(xs[i]?.type ?? { dtype: "f32", shape: [] })}`;
      throw wrong(pattern, "a term must have a letter for every dimension", got, ShapeError);
    }
    return lettersOf(term, hidden);
  });
  const all = terms.flat();
  const hidden = [...new Set(all.filter(isHidden))].sort((a, b) => Number(b) - Number(a));
  if (output === undefined) {
    const once = all.filter(
      (label) => !isHidden(label) && all.filter((l) => l === label).length === 1,
    );
    return { terms, result: [...hidden, ...once.sort()] };
  }
  const result = lettersOf(output, hidden.length);
  if (new Set(result).size < result.length || !result.every((label) => all.includes(label))) {
    throw wrong(
      pattern,
      "every letter of the result must stand in a term, and once in the result",
      `"${output}"`,
    );
  }
  return { terms, result };
}

const isHidden = (label: string) => label <= "9";

/** "a...b" with two hidden dimensions is a, 2, 1, b. */
function lettersOf(term: string, hidden: number): string[] {
  const [before = "", after] = term.split("...");
  if (after === undefined) return [...before];
  return [...before, ...Array.from({ length: hidden }, (_, i) => `${hidden - i}`), ...after];
}

function wrong(
  pattern: string,
  rule: string,
  got: string,
  kind: typeof ArgumentError | typeof ShapeError = ArgumentError,
): Error {
  return new kind(
    `einsum: ${rule}; got ${got} in "${pattern.slice(0, 80)}". For example einsum("bij,bjk->bik", a, b).`,
  );
}

/** Diagonals in the place of letters that stand twice. */
function withoutRepeats(given: Tensor, labels: readonly string[]): Named {
  let [x, left] = [given, [...labels]];
  for (;;) {
    const second = left.findIndex((label, d) => left.indexOf(label) < d);
    if (second < 0) return { x, labels: left };
    const label = left[second] ?? "";
    const first = left.indexOf(label);
    if (x.shape[first] !== x.shape[second]) {
      throw new ShapeError(
        `einsum: the dimensions of one letter must have one size; got "${label}" for ${x.shape[first]} and ${x.shape[second]} in ${describe(given.type)}. Name them apart.`,
      );
    }
    x = diagonal(x, 0, [first, second]);
    left = [...left.filter((_, d) => d !== first && d !== second), label];
  }
}

/** One size for every letter; hidden dimensions may also be 1. */
function checkSizes(pattern: string, operands: readonly Named[], xs: readonly Tensor[]): void {
  const sizes = new Map<string, number>();
  for (const { x, labels } of operands) {
    labels.forEach((label, d) => {
      const [known, size] = [sizes.get(label), x.shape[d] ?? 1];
      const isWider = isHidden(label) && known === 1;
      if (known === undefined || isWider) sizes.set(label, size);
      else if (known !== size && !(isHidden(label) && size === 1)) {
        const got = xs.map(({ type }) => describe(type)).join(", ");
        throw wrong(pattern, "the dimensions of one letter must have one size", got, ShapeError);
      }
    });
  }
}

/** A sum over what neither `later` nor the other tensor needs. */
function summed({ x, labels }: Named, later: ReadonlySet<string>, other: Named | undefined): Named {
  const isNeeded = (label: string) => later.has(label) || other?.labels.includes(label);
  const axis = labels.flatMap((label, d) => (isNeeded(label) ? [] : [d]));
  return axis.length === 0
    ? { x, labels }
    : { x: sum(x, { axis }), labels: labels.filter(isNeeded) };
}

function multiplied(a: Named, b: Named, later: ReadonlySet<string>): Named {
  const both = a.labels.filter((label) => b.labels.includes(label));
  const inner = both.filter((label) => !later.has(label));
  const batch = both.filter((label) => later.has(label));
  const [rows, columns] = [a, b].map(({ labels }) =>
    labels.filter((label) => !both.includes(label)),
  );
  const free = [...(rows ?? []), ...(columns ?? [])];
  // The size that is not 1, which may be 0.
  const sizeIn = (label: string) =>
    [a, b].reduce((n, { x, labels }) => (n === 1 ? (x.shape[labels.indexOf(label)] ?? 1) : n), 1);
  if (inner.length === 0) {
    const labels = [...batch, ...free];
    return { x: mul(aligned(a, labels), aligned(b, labels)), labels };
  }
  const ofAll = (of: readonly string[]) => sizeOf(of.map(sizeIn));
  const matrices = (of: Named, order: readonly (readonly string[])[]) => {
    const names = order.flat();
    const wide = broadcastTo(aligned(of, names), names.map(sizeIn));
    return reshape(wide, [ofAll(batch), ...order.slice(1).map(ofAll)]);
  };
  const left = matrices(a, [batch, rows ?? [], inner]);
  const right = matrices(b, [batch, inner, columns ?? []]);
  const labels = [...batch, ...free];
  return { x: reshape(matmul(left, right), labels.map(sizeIn)), labels };
}

/** The dimensions of a tensor in the order of `names`, of size 1 where it has none. */
function aligned({ x, labels }: Named, names: readonly string[]): Tensor {
  const own = names.filter((name) => labels.includes(name));
  const turned = transpose(
    x,
    own.map((name) => labels.indexOf(name)),
  );
  return reshape(
    turned,
    names.map((name) => x.shape[labels.indexOf(name)] ?? 1),
  );
}
