import { MAX_SEED, quote, seedFrom, splitAtEquals, suggestion } from "../shared/flags.ts";

/** What the user asked for on the command line. */
export interface Options {
  /** Undefined: the best one there is. */
  readonly device: "webgpu" | "cpu" | undefined;
  readonly quick: boolean;
  readonly seed: number;
  /** Undefined: those of the settings. */
  readonly lags: readonly number[] | undefined;
  /** A file with a cell to measure beside the others. */
  readonly cell: string | undefined;
  /** The file that the report is written to. */
  readonly out: string;
}

export type Parsed =
  | { readonly kind: "run"; readonly options: Options }
  | { readonly kind: "help" }
  | { readonly kind: "error"; readonly message: string };

export const HELP = `npm run experiment:memory [-- <options>]

How far back do RNN, GRU and LSTM remember? Trains them on tasks whose only relevant item lies 10 to 500 steps back,
measures how their gradients fade with the distance, and what truncated back-propagation saves and cannot see.
Writes one page with all charts; about six minutes on two cores.

  --lags <n,n,…>        steps between the relevant item and the question (default 10,20,50,100,200,500)
  --cell <file>         a fourth line: the cell that the file has as its default export, see examples/memory/my-cell.ts
  --quick               short lags, little training: a few seconds
  --device webgpu|cpu   the device to train on; without it, a hardware GPU if there is one, else the CPU
  --seed <n>            whole number from 0 to ${MAX_SEED}; the same seed gives the same accuracies (default 1)
  --out <file>          where the page goes (default out/memory.html)
  --help                this text
`;

const FLAGS = ["--lags", "--cell", "--quick", "--device", "--seed", "--out", "--help"];
const MAX_LAG = 10_000;

type Read = { readonly [K in keyof Options]?: Options[K] } | string;

/** What each option makes of its value: a part of the options, or what is wrong. */
const READERS: Readonly<Record<string, (given: string | undefined) => Read>> = {
  "--device": (given) =>
    given === "webgpu" || given === "cpu"
      ? { device: given }
      : `--device must be webgpu or cpu; got ${quote(given)}.`,
  "--seed": (given) => {
    const seed = seedFrom(given);
    if (seed !== undefined) return { seed };
    return `--seed must be a whole number from 0 to ${MAX_SEED}; got ${quote(given)}.`;
  },
  "--lags": (given) => {
    const lags = (given ?? "").split(",").map((lag) => (/^\d+$/.test(lag) ? Number(lag) : 0));
    if (lags.every((lag) => lag >= 2 && lag <= MAX_LAG)) {
      return { lags: [...new Set(lags)].sort((a, b) => a - b) };
    }
    return `--lags must be whole numbers from 2 to ${MAX_LAG} with commas between; got ${quote(given)}.`;
  },
  "--cell": (given) =>
    given ? { cell: given } : "--cell must be followed by a file; got nothing.",
  "--out": (given) => (given ? { out: given } : "--out must be followed by a file; got nothing."),
};

/** Reads the arguments after the program's name; both `--seed 7` and `--seed=7` will do. */
export function parseArguments(argv: readonly string[]): Parsed {
  let options: Options = {
    device: undefined,
    quick: false,
    seed: 1,
    lags: undefined,
    cell: undefined,
    out: "out/memory.html",
  };
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const [flag, inline] = splitAtEquals(argument);
    if (flag === "-h" || flag === "--help") return { kind: "help" };
    if (flag === "--quick") {
      if (inline !== undefined) return error(`--quick takes no value; got "${inline}".`);
      options = { ...options, quick: true };
      continue;
    }
    const reader = READERS[flag];
    if (reader === undefined) {
      return error(`Unknown option ${argument}.${suggestion(flag, FLAGS)}`);
    }
    const read = reader(inline ?? rest.shift());
    if (typeof read === "string") return error(read);
    options = { ...options, ...read };
  }
  return { kind: "run", options };
}

function error(message: string): Parsed {
  return { kind: "error", message: `${message}\n\n${HELP}` };
}
