/** Arguments as trees: they are made when the call is, printed as TypeScript, and changed in one place. */

/** Something whole, such as a number or a tensor. */
interface Leaf {
  readonly kind: "leaf";
  readonly text: string;
  readonly make: () => unknown;
}
interface List {
  readonly kind: "list";
  readonly items: readonly Arg[];
}
interface Fields {
  readonly kind: "fields";
  readonly fields: readonly (readonly [name: string, value: Arg])[];
}
/** What a function makes of other arguments: `nn.linear(2, 3)`. */
interface Made {
  readonly kind: "made";
  /** With `$1`, `$2`, … where the arguments stand; `name(…)` where it holds none. */
  readonly text: string;
  readonly args: readonly Arg[];
  readonly make: (...args: readonly unknown[]) => unknown;
}
export type Arg = Leaf | List | Fields | Made;

export function leaf(text: string, make: () => unknown): Arg {
  return { kind: "leaf", text, make };
}

/** A value that is the same however often it is made and whose JSON is TypeScript. */
export function plain(value: number | string | boolean | null | undefined): Arg {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return leaf(Object.is(value, -0) ? "-0" : text, () => value);
}

export function list(items: readonly Arg[]): Arg {
  return { kind: "list", items };
}

export function fields(record: Readonly<Record<string, Arg>>): Arg {
  return { kind: "fields", fields: Object.entries(record) };
}

export function made(text: string, args: readonly Arg[], make: Made["make"]): Arg {
  return { kind: "made", text, args, make };
}

/** The value; `notes` is told of everything made on the way, so that it can be disposed of. */
export function make(arg: Arg, notes: (value: unknown) => void): unknown {
  switch (arg.kind) {
    case "leaf": {
      const value = arg.make();
      notes(value);
      return value;
    }
    case "list":
      return arg.items.map((item) => make(item, notes));
    case "fields":
      return Object.fromEntries(arg.fields.map(([name, value]) => [name, make(value, notes)]));
    case "made": {
      const value = arg.make(...arg.args.map((part) => make(part, notes)));
      notes(value);
      return value;
    }
  }
}

export function print(arg: Arg): string {
  switch (arg.kind) {
    case "leaf":
      return arg.text;
    case "list":
      return `[${arg.items.map(print).join(", ")}]`;
    case "fields":
      return arg.fields.length === 0
        ? "{}"
        : `{ ${arg.fields.map(([name, value]) => `${keyText(name)}: ${print(value)}`).join(", ")} }`;
    case "made": {
      const parts = arg.args.map(print);
      return arg.text.includes("$")
        ? arg.text.replace(/\$(\d)/g, (_, n: string) => parts[Number(n) - 1] ?? "")
        : `${arg.text}(${parts.join(", ")})`;
    }
  }
}

function keyText(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) && name !== "__proto__"
    ? name
    : `[${JSON.stringify(name)}]`;
}

/** How many parts the tree has, itself included. */
export function countParts(arg: Arg): number {
  return 1 + partsOf(arg).reduce((total, part) => total + countParts(part), 0);
}

/** The tree with `change` applied to part number `at`, counted as `countParts` does. */
export function changePart(arg: Arg, at: number, change: (part: Arg) => Arg): Arg {
  if (at === 0) return change(arg);
  let rest = at - 1;
  const parts = partsOf(arg).map((part) => {
    const count = countParts(part);
    const changed = rest >= 0 && rest < count ? changePart(part, rest, change) : part;
    rest -= count;
    return changed;
  });
  return withParts(arg, parts);
}

function partsOf(arg: Arg): readonly Arg[] {
  switch (arg.kind) {
    case "leaf":
      return [];
    case "list":
      return arg.items;
    case "fields":
      return arg.fields.map(([, value]) => value);
    case "made":
      return arg.args;
  }
}

function withParts(arg: Arg, parts: readonly Arg[]): Arg {
  switch (arg.kind) {
    case "leaf":
      return arg;
    case "list":
      return list(parts);
    case "fields":
      return {
        kind: "fields",
        fields: arg.fields.map(([name, old], i) => [name, parts[i] ?? old]),
      };
    case "made":
      return { ...arg, args: parts };
  }
}
