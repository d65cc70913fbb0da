/** How the numbers of a unit are written in WGSL: those that lie side by side in memory, and sums. */
import { InternalError } from "../../../../errors.ts";
import type { CellBody } from "../../../../ops/cells/body.ts";
import { type WalkBinding, type WalkTensor, widthOf } from "./tensors.ts";

/** A tensor with the binding that it is reached through. */
export interface Reached {
  readonly binding: WalkBinding;
  readonly tensor: WalkTensor;
}

export function finder(bindings: readonly WalkBinding[]): (slot: string) => Reached | undefined {
  return (slot) => {
    for (const binding of bindings)
      for (const tensor of binding.tensors) if (tensor.slot === slot) return { binding, tensor };
    return undefined;
  };
}

/** Some numbers at a place, after a statement. */
export interface Loaded {
  readonly statement: string;
  number(i: number): string;
}

/** Number i of a value of `count` numbers: a scalar, a vector, or a struct of s0, s1 … */
export function part(value: string, count: number, i: number): string {
  if (count === 1) return value;
  return count <= 4 ? `${value}.${"xyzw"[i]}` : `${value}.s${i}`;
}

/** Element `at` of a tensor, `count` numbers, as `variable`; `first`: where the tensor begins. */
export function load(
  reached: Reached | undefined,
  at: string,
  variable: string,
  begin?: string,
): Loaded {
  if (reached === undefined) throw new InternalError("a walk reads what it does not bind.");
  const { binding, tensor } = reached;
  const { name } = binding;
  const first = begin ?? `first(${tensor.slot})`;
  const { count } = tensor;
  const width = widthOf(binding);
  if (count === width) {
    const statement = `let ${variable} = ${name}[${first} + ${at}];`;
    return { statement, number: (i) => part(variable, count, i) };
  }
  const place = count === 1 ? at : `${count}u * (${at})`;
  const statement = `let ${variable} = ${first} + ${place};`;
  const index = (i: number) => (i === 0 ? variable : `${variable} + ${i}u`);
  return {
    statement,
    number: (i) =>
      width === 1
        ? `${name}[${index(i)}]`
        : `${name}[(${index(i)}) / ${width}u][(${index(i)}) % ${width}u]`,
  };
}

/** The only number at a place. */
export function at(reached: Reached | undefined, place: string): string {
  if (reached === undefined) throw new InternalError("a walk reads what it does not bind.");
  const { binding, tensor } = reached;
  const index = `first(${tensor.slot}) + ${place}`;
  const width = widthOf(binding);
  return width === 1
    ? `${binding.name}[${index}]`
    : `${binding.name}[(${index}) / ${width}u][(${index}) % ${width}u]`;
}

/** Statements that store `values` as element `at`, where there is such a tensor: an array of its own numbers. */
export function store(
  reached: Reached | undefined,
  at: string,
  values: readonly string[],
  variable: string,
): string[] {
  if (reached === undefined) return [];
  const { binding, tensor } = reached;
  const { name } = binding;
  const { count, slot } = tensor;
  if (count === widthOf(binding)) {
    const value = count === 1 ? (values[0] ?? "0.0") : `vec${count}<f32>(${values.join(", ")})`;
    return [`${name}[first(${slot}) + ${at}] = ${value};`];
  }
  return [
    `let ${variable} = first(${slot}) + ${count}u * (${at});`,
    ...values.map((value, i) => `${name}[${variable} + ${i}u] = ${value};`),
  ];
}

/** Sums of a cell that one product adds to: those from `first` on. */
export interface SumsOfProduct {
  readonly place: number;
  readonly first: number;
  readonly count: number;
}

/** The products of a step: one, or a second one of what is computed from the first; none without sums. */
export function productsOf({ sums, firstSums }: CellBody): SumsOfProduct[] {
  const counts = [firstSums, sums.length - firstSums].filter((count) => count > 0);
  return counts.map((count, place) => ({ place, first: place === 0 ? 0 : firstSums, count }));
}

/** Sum g of a cell in a value that holds those of each product as sums_0, sums_1. */
export function sumIn(value: string, products: readonly SumsOfProduct[], g: number): string {
  const product = products.findLast(({ first }) => first <= g);
  if (product === undefined) throw new InternalError("a walk reads a sum that no product makes.");
  return part(`${value}.sums_${product.place}`, product.count, g - product.first);
}

/** A product's sums from all of a cell's numbers. */
export function sumsFrom({ place, first, count }: SumsOfProduct, all: readonly string[]): string {
  return `Sums${place}(${all.slice(first, first + count).join(", ")})`;
}

/** The type of a product's sums, a scalar, a vector or a struct, and that of those that are there. */
export function printSums({ place, count }: SumsOfProduct): string {
  const name = `Sums${place}`;
  const type =
    count > 4
      ? printStruct(
          name,
          each(count, (i) => `s${i}: f32`),
        )
      : `alias ${name} = ${count === 1 ? "f32" : `vec${count}<f32>`};`;
  const where =
    count > 4
      ? `${name}(${each(count, (i) => `select(0.0, sums.s${i}, is_there)`).join(", ")})`
      : `select(${name}(), sums, is_there)`;
  return `${type}
fn sums_where_${place}(is_there: bool, sums: ${name}) -> ${name} {
  return ${where};
}`;
}

function each(count: number, print: (i: number) => string): string[] {
  return Array.from({ length: count }, (_, i) => print(i));
}

/** Forwards each sum gets a number times its weight. */
export function printAddProduct({ place, count }: SumsOfProduct): string {
  const name = `Sums${place}`;
  const sum =
    count > 4
      ? `${name}(${each(count, (i) => `sums.s${i} + x * w.s${i}`).join(", ")})`
      : "sums + x * w";
  return `fn add_product_${place}(sums: ${name}, x: f32, w: ${name}) -> ${name} {
  return ${sum};
}`;
}

/** A struct of `fields`, each as it is declared; none may be empty. */
export function printStruct(name: string, fields: readonly string[]): string {
  const own = fields.length > 0 ? fields : ["nothing: f32"];
  return `struct ${name} {
${own.map((field) => `${field},`).join("\n")}
}`;
}

/** A function for each product that reads its weights. */
export function printWeights(
  products: readonly SumsOfProduct[],
  recurrent: Reached | undefined,
): string[] {
  return products.map((product) =>
    printLoadSums(
      `weight_${product.place}`,
      "begin: u32, at: u32",
      product,
      recurrent,
      "at",
      "begin",
    ),
  );
}

/** A function that reads a product's sums at a place: `parameters` and `at` as WGSL. */
export function printLoadSums(
  name: string,
  parameters: string,
  { place, first, count }: SumsOfProduct,
  from: Reached | undefined,
  at: string,
  begin?: string,
): string {
  if (from === undefined) return "";
  const { statement, number } = load(from, at, "n", begin);
  const isWhole = count === from.tensor.count && count === widthOf(from.binding);
  const values = Array.from({ length: count }, (_, i) => number(first + i)).join(", ");
  return `fn ${name}(${parameters}) -> Sums${place} {
${statement}
return ${isWhole ? "n" : `Sums${place}(${values})`};
}`;
}
