/**
 * What a visitor may set, declared as data: the controls, the address and the checks are made of it. What comes out of
 * an address is checked here, since anyone may write one.
 */

interface Common {
  /** Acts on the training that runs; where not, a change begins it anew. */
  readonly live?: boolean;
  /** A panel has a control of its own for it. */
  readonly hidden?: boolean;
}

export interface NumberSetting extends Common {
  readonly kind: "number";
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** 1 where nothing is said; on a logarithmic scale the slider has 100 steps. */
  readonly step?: number;
  readonly scale?: "linear" | "log";
}

export interface ChoiceSetting extends Common {
  readonly kind: "choice";
  readonly of: readonly string[];
  readonly default: string;
}

export interface FlagSetting extends Common {
  readonly kind: "flag";
  readonly default: boolean;
}

export interface TextSetting extends Common {
  readonly kind: "text";
  readonly default: string;
  readonly maxLength: number;
  /** What is run: out of an address it is taken only where it has been run here before (page/trust.ts). */
  readonly isCode?: boolean;
}

export type Setting = NumberSetting | ChoiceSetting | FlagSetting | TextSetting;
export type Settings = Readonly<Record<string, Setting>>;

type ValueOf<S extends Setting> = S extends { kind: "number" }
  ? number
  : S extends { kind: "choice"; of: readonly (infer C)[] }
    ? C
    : S extends { kind: "flag" }
      ? boolean
      : string;

/** The values of declared settings; every panel has a seed. */
export type ValuesOf<S extends Settings> = { readonly [K in keyof S]: ValueOf<S[K]> } & {
  readonly seed: number;
};
export type Value = number | boolean | string;
export type AnyValues = Readonly<Record<string, Value>> & { readonly seed: number };

/** Every panel's, beside its own. */
export const SEED: NumberSetting = { kind: "number", default: 1, min: 0, max: 99_999, step: 1 };

/** `settings` with the seed, in the order of their controls. */
export function withSeed(settings: Settings): Settings {
  return { ...settings, seed: SEED };
}

export function defaultsOf(settings: Settings): AnyValues {
  const values = Object.entries(settings).map(([name, setting]) => [name, setting.default]);
  return { ...Object.fromEntries(values), seed: SEED.default };
}

/** `value` as `setting` allows it; undefined where it is none of its values. */
export function checked(setting: Setting, value: unknown): Value | undefined {
  switch (setting.kind) {
    case "number": {
      const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
      if (!Number.isFinite(number)) return undefined;
      const { min, max, step = 1, scale } = setting;
      const whole = scale === "log" ? number : min + Math.round((number - min) / step) * step;
      return Math.min(max, Math.max(min, Number(whole.toPrecision(6))));
    }
    case "choice":
      return setting.of.find((choice) => choice === value);
    case "flag":
      return value === true || value === "1"
        ? true
        : value === false || value === "0"
          ? false
          : undefined;
    case "text":
      return typeof value === "string" ? value.slice(0, setting.maxLength) : undefined;
    default:
      return setting satisfies never;
  }
}

/** The values that an address asks for; the default of whatever it leaves out or gets wrong. */
export function readQuery(settings: Settings, query: URLSearchParams): AnyValues {
  const asked = Object.entries(withSeed(settings)).flatMap(([name, setting]) => {
    const value = query.has(name) ? checked(setting, query.get(name)) : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...defaultsOf(settings), ...Object.fromEntries(asked) };
}

/** The seed, and whatever is not as it is without being asked for. */
export function writeQuery(settings: Settings, values: AnyValues): [name: string, value: string][] {
  return Object.entries(withSeed(settings)).flatMap(([name, setting]) => {
    const value = values[name];
    if (value === undefined || (name !== "seed" && value === setting.default)) return [];
    return [[name, typeof value === "boolean" ? (value ? "1" : "0") : String(value)]];
  });
}

/** What a training is known by: all of its values but the live ones. */
export function identityOf(settings: Settings, values: AnyValues): string {
  return JSON.stringify(
    Object.entries(withSeed(settings)).flatMap(([name, { live }]) =>
      live === true ? [] : [[name, values[name]]],
    ),
  );
}
