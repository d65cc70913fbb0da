/** A training that survives a reload: the states of its networks and its numbers so far, under its panel's name. */
import type { TrainerState } from "gradgpu";
import type { Point } from "../history.ts";
import { load, remove, save } from "../store.ts";
import type { Training } from "./training.ts";

/** Raised when a kept training means something else than before. */
const VERSION = 1;

interface Kept {
  readonly version: number;
  /** Of the settings that it was begun with. */
  readonly identity: string;
  readonly step: number;
  readonly points: readonly Point[];
  readonly states: Readonly<Record<string, TrainerState>>;
}

export async function keep(
  panel: string,
  identity: string,
  training: Training,
  numbers: { readonly step: number; readonly points: readonly Point[] },
): Promise<void> {
  const states: Record<string, TrainerState> = {};
  for (const { name, trainer } of training.networks) states[name] = await trainer.state();
  await save("trainings", panel, { version: VERSION, identity, ...numbers, states });
}

/** Brings `training` to where one with the same settings was kept; undefined where there is none, and nothing has changed. */
export async function restore(
  panel: string,
  identity: string,
  training: Training,
): Promise<{ readonly step: number; readonly points: readonly Point[] } | undefined> {
  // The page's own writing, of this version: see `keep`.
  const kept = (await load("trainings", panel)) as Kept | undefined;
  if (kept?.version !== VERSION || kept.identity !== identity) return undefined;
  const states = training.networks.map(({ name }) => kept.states[name]);
  if (states.includes(undefined)) return undefined;
  training.networks.forEach(({ trainer }, i) => {
    const state = states[i];
    if (state !== undefined) trainer.loadState(state, { allowNonFinite: true });
  });
  return { step: kept.step, points: kept.points };
}

export function forget(panel: string): Promise<void> {
  return remove("trainings", panel);
}
