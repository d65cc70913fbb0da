/**
 * What users hand over is checked where it comes in: a table of rules for each record of options, which also finds the
 * names that are no options, and single values by the same rules.
 */
import { ArgumentError } from "./errors.ts";

/** What a value must be, in the words of an error message. */
export interface Rule {
  readonly is: string;
  /** What to do instead, where more can be said than to give another. */
  readonly remedy?: string;
  holds(value: unknown): boolean;
}

/** A rule of one's own: `rule("a number above 0", (x) => isNumber(x) && x > 0)`. */
export function rule(is: string, holds: (value: unknown) => boolean, remedy?: string): Rule {
  return { is, holds, ...(remedy !== undefined && { remedy }) };
}

const isNumber = (value: unknown): value is number => typeof value === "number";
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

export const anything = rule("anything", () => true);
export const flag = rule("true or false", (value) => typeof value === "boolean");
export const text = rule("a text", (value) => typeof value === "string");
/** What something is called by. */
export const aName = rule(
  "a text, not empty",
  (value) => typeof value === "string" && value.trim() !== "",
);
/** A class is called with `new` only. */
export const callable = rule(
  "a function",
  (value) =>
    typeof value === "function" && !Function.prototype.toString.call(value).startsWith("class"),
);
export const record = rule("a record", isRecord);
export const list = rule("a list", Array.isArray);
export const number = rule("a number", isNumber);
export const finite = rule("a finite number", Number.isFinite);
export const integer = rule("a whole number", isWhole);
/** Whether a value is a list, of `length` where it is given, whose every place `holds`; a hole is a place, too. */
export function isListOf(
  value: unknown,
  holds: (one: unknown, i: number, all: readonly unknown[]) => boolean,
  length?: number,
): value is readonly unknown[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) return false;
  return Array.from(value).every(holds);
}

/** A size: there is at least one. */
export const count = rule("a whole number of 1 or more", (value) => isWhole(value) && value >= 1);
export const whole = rule("a whole number of 0 or more", (value) => isWhole(value) && value >= 0);
export const notNegative = rule(
  "a finite number of 0 or more",
  (value) => isNumber(value) && value >= 0 && value < Number.POSITIVE_INFINITY,
);
/** Infinity is as good as any: no bound. */
export const positive = rule("a number above 0", (value) => isNumber(value) && value > 0);
/** Of what is left when a share has gone there must be something. */
export const share = rule(
  "at least 0 and less than 1",
  (value) => isNumber(value) && value >= 0 && value < 1,
);

export const probability = rule(
  "a number from 0 to 1",
  (value) => isNumber(value) && value >= 0 && value <= 1,
);

export function oneOf(...names: readonly string[]): Rule {
  return rule(names.map((name) => `"${name}"`).join(" or "), (value) =>
    names.includes(value as string),
  );
}

/** For options that must not be left out. */
export function required(own: Rule): Rule & { readonly isRequired: true } {
  return { ...own, isRequired: true };
}

/** @throws ArgumentError `<caller>: <name> must be <rule>; got <value>. <remedy>` */
export function check(
  caller: string,
  name: string,
  value: unknown,
  { is, holds, remedy: own }: Rule,
  remedy = own ?? `Give another ${name.replace(/^the /, "")}.`,
): void {
  if (holds(value)) return;
  throw new ArgumentError(`${caller}: ${name} must be ${is}; got ${shown(value)}. ${remedy}`);
}

/**
 * The options `given`, none where it is undefined, by a rule for each that there is. Those that are undefined count as
 * left out. `example` is shown where something else stands in the record's place: `sum(x, 1)`; `elsewhere` says, by names in
 * small letters, who else takes what is no option here.
 * @throws ArgumentError for a name that is no option, with the nearest that is one, and for a value that breaks its rule
 */
export function checkOptions<T extends object>(
  caller: string,
  given: T | undefined,
  rules: { readonly [K in keyof T]-?: Rule & { readonly isRequired?: true } },
  example?: (given: unknown) => string,
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  const known = Object.keys(rules);
  if (given !== undefined && !isRecord(given)) {
    // Nobody hands a seed or an initialiser over by its place.
    const first = known.find((name) => !/^(seed|initialise)/.test(name)) ?? known[0];
    const remedy = example?.(given) ?? `{ ${first}: … }`;
    throw new ArgumentError(
      `${caller}: options must be a record of ${known.join(", ")}; got ${shown(given)}. Write ${remedy}.`,
    );
  }
  const options: Readonly<Record<string, unknown>> = { ...given };
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw unknownOption(caller, name, known, elsewhere);
  }
  for (const [name, own] of Object.entries<Rule & { readonly isRequired?: true }>(rules)) {
    const value = options[name];
    if (value !== undefined || own.isRequired) check(caller, name, value, own);
  }
}

/** An object with named parts: no list, and nothing like a Map, a tensor or a promise, whose parts have no names. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain || Object.keys(value).length > 0;
}

/**
 * Whether `value` holds others, one behind the other: no text, and no array of numbers, which cannot be read where it
 * is detached.
 */
export function isIterable(value: unknown): value is Iterable<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.iterator in value && !ArrayBuffer.isView(value);
}

function unknownOption(
  caller: string,
  name: string,
  known: readonly string[],
  elsewhere: Readonly<Record<string, string>>,
): ArgumentError {
  const nearest = nearestOf(name, known);
  const key = plain(name);
  const other = Object.hasOwn(elsewhere, key) ? elsewhere[key] : undefined;
  const remedy = other ?? (nearest === undefined ? "Leave it out." : `Did you mean ${nearest}?`);
  return new ArgumentError(
    `${caller}: options must be among ${known.join(", ")}; got ${shown(name)}. ${remedy}`,
  );
}

const plain = (text: string) => text.toLowerCase().replaceAll(/[_-]/g, "");

/** What other libraries call it. */
const SYNONYMS: Readonly<Record<string, string>> = {
  backend: "device",
  gpu: "device",
  dim: "axis",
  eta: "learningRate",
  stepsize: "learningRate",
  batch: "batchSize",
  reduce: "reduction",
  ddof: "correction",
  unbiased: "correction",
  monitor: "on",
  mindelta: "threshold",
  restorebestweights: "restore",
  gamma: "factor",
  milestones: "at",
  etamin: "to",
  maxlr: "max",
  minlr: "least",
  tmax: "steps",
  rho: "alpha",
  ord: "p",
  aligncorners: "coordinates",
  nonlinearity: "activation",
  elementwiseaffine: "affine",
  attnmask: "mask",
  keypaddingmask: "lengths",
};

/** The one of `names` that is most like `name`: an abbreviation (`lr`, `eps`) or a few letters away; or none. */
export function nearestOf(name: string, names: readonly string[]): string | undefined {
  const own = plain(name).slice(0, 40);
  const synonym = Object.hasOwn(SYNONYMS, own) ? SYNONYMS[own] : undefined;
  if (synonym !== undefined && names.includes(synonym)) return synonym;
  const ranked = names
    .map((known) => ({ known, far: distance(own, plain(known)) }))
    .sort((a, b) => a.far - b.far);
  const [first] = ranked;
  if (first !== undefined && first.far <= Math.max(1, own.length / 3)) return first.known;
  return ranked.find(({ known }) => abbreviates(own, plain(known)))?.known;
}

function abbreviates(short: string, long: string): boolean {
  let at = 0;
  for (const letter of long) if (letter === short[at]) at++;
  return short.length > 1 && short[0] === long[0] && at === short.length;
}

/** Letters to change, add or take away. Levenshtein 1965. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A value of any kind, in a few words, for an error message. Never throws. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "bigint") return `${value}n`.slice(0, 40);
  if (typeof value === "function") return functionText(value);
  if (typeof value !== "object" || value === null) return String(value);
  try {
    if (Array.isArray(value)) return listText(value);
    const name = value.constructor?.name ?? "Object";
    if (ArrayBuffer.isView(value)) return `${name} of ${value.byteLength} bytes`;
    return name === "Object"
      ? `{ ${Object.keys(value).slice(0, 5).join(", ")} }`
      : `${article(name)} ${name}`;
  } catch {
    return "an object";
  }
}

/** As it is spoken: an ImageBitmap, an HTMLCanvasElement. */
const article = (name: string) => (/^([AEIO]|HTML)/.test(name) ? "an" : "a");

/** A module by its description: it is a function, too. */
function functionText(value: object): string {
  const described = "description" in value && typeof value.description === "string";
  return described ? `the module ${value.description}` : "a function";
}

function listText(list: readonly unknown[]): string {
  const first = list.slice(0, 5).map((item) => (typeof item === "object" ? "…" : shown(item)));
  return `[${first.join(", ")}${list.length > 5 ? ", …" : ""}]`;
}
