/**
 * What a training says while it lives, line by line, and what of that is lost when it is killed. An interval begins with
 * the state of a checkpoint and ends with that of the next one: `EVERY` steps later, or when the one before is safe.
 * Whether one is due is looked at whenever a step is told, so not before the third of an epoch.
 */
import type { Folder } from "../../../src/io/index.ts";
import { readCheckpoint } from "../../../src/train/checkpoints/file.ts";
import { EVERY, type Told } from "./training.ts";

/** Steps that are under way when one is told; a report comes so many steps late. */
const AHEAD = 3;
/**
 * Steps that may be told from when a checkpoint is due until its file is begun: its state is read and the folder looked at
 * meanwhile, which takes a busy machine as long as it likes. Whether the state is that of when it was due, the file says.
 */
const READING = 10 * EVERY;

/** Says what happens to the checkpoints in `files`. */
export function telling(files: Folder, say: (line: string) => unknown): { to: Folder; told: Told } {
  const to: Folder = {
    ...files,
    place(name) {
      const place = files.place(name);
      return {
        description: place.description,
        size: (...given) => place.size(...given),
        read: (...given) => place.read(...given),
        remove: () => place.remove(),
        write(...given) {
          // The best one comes before that of its step.
          say(`writing ${Number(/^step-(\d+)/.exec(name)?.[1])}`);
          return place.write(...given);
        },
      };
    },
  };
  const told: Told = {
    step: (step) => say(`step ${step}`),
    written: ({ name, step }) => name.startsWith("step") && say(`written ${step}`),
  };
  return { to, told };
}

/** The step of the latest checkpoint, 0 where there is none; every file can be read, or has nothing in it. */
export async function latestIn(files: Folder): Promise<number> {
  let latest = 0;
  for (const name of await files.names()) {
    const place = files.place(name);
    // A browser that is killed within the first write of a new file leaves its name.
    if ((await place.size()) === 0) continue;
    const { step } = await readCheckpoint(place);
    if (name.startsWith("step")) latest = Math.max(latest, step);
  }
  return latest;
}

export interface Lost {
  /** Steps that had been told and are not in the checkpoint. */
  readonly steps: number;
  /** Whole intervals among them; others were trained while a file was being written. */
  readonly intervals: number;
}

/**
 * `before` and `after`: the step of the latest checkpoint before these lines were said, and behind them.
 * @throws where what was safe is gone, or more than one interval is lost
 */
export function lostOf(lines: readonly string[], before: number, after: number): Lost {
  let [told, safe, next] = [before, before, before + EVERY];
  let writing: number | undefined;
  const wrong = (what: string) => new Error(`${what}; it said: ${lines.join(", ")}`);
  for (const line of lines) {
    const [verb, text] = line.split(" ");
    const step = Number(text);
    if (verb === "step") told = step;
    if (verb === "writing") {
      if (writing !== undefined && !Number.isNaN(writing))
        throw wrong(`${line} came before ${writing} was safe`);
      if (step >= next + AHEAD) throw wrong(`${line} came, and ${next} was due`);
      writing = step;
    } else if (verb === "written") {
      [safe, writing] = [step, undefined];
      next = Math.max(step + EVERY, told + AHEAD + 1);
    } else if (writing === undefined && told > next + READING) {
      throw wrong(`step ${told} came, and no checkpoint since ${safe}`);
    }
  }
  if (after < safe) throw wrong(`step ${safe} was safe, found ${after}`);
  const end = writing || next;
  return { steps: Math.max(0, told - after), intervals: after < end && told >= end ? 1 : 0 };
}
