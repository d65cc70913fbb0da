/** From a seed and a number to one call of one public function, the same one every time. */
import * as gradgpu from "../../../src/index.ts";
import { type Arg, list, make, print } from "./argument.ts";
import { Dice } from "./dice.ts";
import { type Context, instances } from "./instances.ts";
import { recipes } from "./recipes/index.ts";
import { rightArguments } from "./right.ts";
import { readSurface, type Signature } from "./surface.ts";
import type { World } from "./world.ts";
import { spoiled, wrongThing } from "./wrong.ts";

/** Something that can be called: a function by its path, or a member of a type, `Module.step`. */
export interface Target {
  readonly path: string;
  /** The type that it is a member of. */
  readonly owner?: string;
  readonly member?: string;
  readonly signature: Signature;
}

export interface Call {
  readonly target: Target;
  readonly text: string;
  /** Nothing about it is meant to be wrong. */
  readonly isRight: boolean;
  run(notes: (value: unknown) => void): unknown;
}

/** Types whose members only gradgpu itself calls, and trusts itself; places are tested on disks of their own. */
const INNER_TYPES = new Set(["Device", "Place"]);
/** Likewise members of types that users have: all of a Runtime's but these, and what evaluation tells tensors. */
const USERS_OF_RUNTIME = new Set(["memory", "close", "dispose", "asyncDispose"]);
const INNER = new Set(["settle", "settleAssigned"]);
/** A text is a path there: with any text files would be made wherever the tests are run. */
const USES_DISKS = new Set(["Trainer.save", "Trainer.resume"]);

function isInner(owner: string, member: string): boolean {
  // The step of a cell is its author's: gradgpu calls it, with what it is written for.
  if (owner === "Cell") return true;
  return owner === "Runtime" ? !USERS_OF_RUNTIME.has(member) : INNER.has(member);
}

let known: readonly Target[] | undefined;

/** Reading the sources takes seconds: once is enough. */
export function readTargets(): readonly Target[] {
  known ??= targetsOfSources();
  return known;
}

function targetsOfSources(): Target[] {
  const { functions, members, results } = readSurface(new Set(Object.keys(instances)));
  const missing = [...results].filter(
    (name) => instances[name] === undefined && !INNER_TYPES.has(name),
  );
  if (missing.length > 0) throw new Error(`instances.ts makes none of: ${missing.join(", ")}`);
  const targets: Target[] = [...functions].map(([path, signature]) => ({ path, signature }));
  for (const [owner, signatures] of members) {
    if (instances[owner] === undefined) continue;
    for (const [member, signature] of signatures) {
      const name = memberName(member);
      if (isInner(owner, name)) continue;
      const path =
        member === "()"
          ? `${owner}()`
          : name === member
            ? `${owner}.${name}`
            : `${owner}[Symbol.${name}]`;
      targets.push({ path, owner, member, signature });
    }
  }
  return targets.filter(
    ({ path, owner }) => !USES_DISKS.has(path) && (owner !== undefined || isCallable(path)),
  );
}

/** `__@dispose@123` is what the compiler calls `[Symbol.dispose]`. */
function memberName(member: string): string {
  return /^__@(\w+)@/.exec(member)?.[1] ?? member;
}

/** Types are exported as well, and errors are what calls end in. */
function isCallable(path: string): boolean {
  const value = valueAt(path);
  return typeof value === "function" && !(value.prototype instanceof Error);
}

export function makeCall(
  targets: readonly Target[],
  world: World,
  seed: number,
  number: number,
): Call {
  const dice = new Dice(seed, number);
  const context: Context = { dice, world };
  // In turn, so that all are called equally often; in another order in every round.
  const round = Math.floor(number / targets.length);
  const order = new Dice(seed, round).shuffled(targets);
  const target = order[number % targets.length];
  if (target === undefined) throw new Error("there is nothing to call");
  const { self, args: right } = rightCall(target, context);
  // Every third round is of right calls, so that all are made that often.
  const roll = round % 3 === 0 ? 0 : dice.next();
  const args =
    roll < 0.3
      ? right
      : roll < 0.8
        ? spoiled(right, context)
        : roll < 0.92
          ? spoiled(spoiled(right, context), context)
          : Array.from({ length: dice.below(4) }, () => wrongThing(context));
  return {
    target,
    text: textOf(target, self, args),
    isRight: roll < 0.3,
    run: (notes) => {
      const given = make(list(args), notes) as unknown[];
      if (target.owner === undefined) return callFunction(target.path, given);
      const on = self && make(self, notes);
      return callMember(on, target.member ?? "", given);
    },
  };
}

function rightCall(target: Target, context: Context): { self?: Arg; args: readonly Arg[] } {
  const cooked = recipes[target.path]?.(context);
  const self =
    cooked?.self ?? (target.owner === undefined ? undefined : instances[target.owner]?.(context));
  const args = cooked?.args ?? rightArguments(target.signature, context);
  return { ...(self && { self }), args };
}

function textOf(
  { path, owner, member }: Target,
  self: Arg | undefined,
  args: readonly Arg[],
): string {
  const inner = args.map(print).join(", ");
  if (owner !== undefined && self !== undefined) {
    const name = memberName(member ?? "");
    const on = /^(new|\/\*)/.test(print(self)) ? `(${print(self)})` : print(self);
    if (name === "()") return `${on}(${inner})`;
    return name === member ? `${on}.${name}(${inner})` : `${on}[Symbol.${name}](${inner})`;
  }
  return `${isClass(path) ? "new " : ""}${path}(${inner})`;
}

function isClass(path: string): boolean {
  const value = valueAt(path);
  return typeof value === "function" && /^class\s/.test(Function.prototype.toString.call(value));
}

function valueAt(path: string): ((...args: unknown[]) => unknown) | undefined {
  const found = path
    .split(".")
    .reduce(
      (held: unknown, name) => (held as Record<string, unknown> | undefined)?.[name],
      gradgpu,
    );
  return found as ((...args: unknown[]) => unknown) | undefined;
}

function callFunction(path: string, args: readonly unknown[]): unknown {
  const fn = valueAt(path);
  if (fn === undefined) throw new Error(`${path} is declared and not there`);
  if (isClass(path)) return Reflect.construct(fn, args);
  const owner = valueAt(path.slice(0, Math.max(0, path.lastIndexOf("."))));
  return Reflect.apply(fn, path.includes(".") ? owner : undefined, args);
}

function callMember(on: unknown, member: string, args: readonly unknown[]): unknown {
  if (member === "()") return Reflect.apply(on as () => unknown, undefined, args);
  const name = memberName(member);
  const key = name === member ? member : (Symbol as unknown as Record<string, symbol>)[name];
  const fn = (on as Record<PropertyKey, unknown>)[key ?? member];
  if (typeof fn !== "function") throw new Error(`${member} is declared and not there`);
  return Reflect.apply(fn as () => unknown, on, args);
}
