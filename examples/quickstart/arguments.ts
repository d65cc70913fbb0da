import { MAX_SEED, quote, seedFrom, splitAtEquals, suggestion } from "../shared/flags.ts";

/** What the user asked for on the command line. */
export interface Options {
  /** Undefined: the best one there is. */
  readonly device: "webgpu" | "cpu" | undefined;
  readonly quick: boolean;
  /** Whether to go on from the checkpoints of the run before. */
  readonly resume: boolean;
  readonly seed: number;
}

export type Parsed =
  | { readonly kind: "run"; readonly options: Options }
  | { readonly kind: "help" }
  | { readonly kind: "error"; readonly message: string };

export const HELP = `npm start [-- <options>]

Trains a convolutional network on MNIST and a character-level LSTM on Moby Dick, here, in the terminal.
Writes out/report.html and out/summary.json.

  --device webgpu|cpu   the device to train on; without it, a hardware GPU if there is one, else the CPU
  --quick               a short run on part of the data, under 30 s
  --seed <n>            whole number from 0 to 4294967295; the same seed gives the same run (default 1)
  --resume              goes on where the run before was stopped or killed, in the middle of an epoch too
  --help                this text
`;

const FLAGS = ["--device", "--quick", "--seed", "--resume", "--help"];

/** Reads the arguments after the program's name; both `--seed 7` and `--seed=7` will do. */
export function parseArguments(argv: readonly string[]): Parsed {
  let device: Options["device"];
  let quick = false;
  let resume = false;
  let seed = 1;
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const [flag, inline] = splitAtEquals(argument);
    const value = () => inline ?? rest.shift();
    switch (flag) {
      case "-h":
      case "--help":
        return { kind: "help" };
      case "--quick":
        if (inline !== undefined) return error(`--quick takes no value; got "${inline}".`);
        quick = true;
        break;
      case "--resume":
        if (inline !== undefined) return error(`--resume takes no value; got "${inline}".`);
        resume = true;
        break;
      case "--device": {
        const given = value();
        if (given !== "webgpu" && given !== "cpu") {
          return error(`--device must be webgpu or cpu; got ${quote(given)}.`);
        }
        device = given;
        break;
      }
      case "--seed": {
        const given = value();
        const read = seedFrom(given);
        if (read === undefined) {
          return error(`--seed must be a whole number from 0 to ${MAX_SEED}; got ${quote(given)}.`);
        }
        seed = read;
        break;
      }
      default:
        return error(`Unknown option ${argument}.${suggestion(flag, FLAGS)}`);
    }
  }
  return { kind: "run", options: { device, quick, resume, seed } };
}

function error(message: string): Parsed {
  return { kind: "error", message: `${message}\n\n${HELP}` };
}
