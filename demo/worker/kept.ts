/**
 * Where a training stands: the states of its networks and its numbers so far. One is kept for each panel in this browser,
 * under the panel's name, so that a training survives a reload.
 */
import type { TrainerState } from "gradgpu";
import type { Point } from "../history.ts";
import { load, remove, save } from "../store.ts";
import type { Training } from "./training.ts";

export interface Standing {
  readonly step: number;
  readonly points: readonly Point[];
  readonly states: Readonly<Record<string, TrainerState>>;
}

/** Raised when a kept training means something else than before. */
const VERSION = 1;

interface Kept extends Standing {
  readonly version: number;
  /** Of the settings that it was begun with. */
  readonly identity: string;
}

export async function standingOf(
  { networks }: Training,
  numbers: Omit<Standing, "states">,
): Promise<Standing> {
  const states: Record<string, TrainerState> = {};
  for (const { name, trainer } of networks) states[name] = await trainer.state();
  return { ...numbers, states };
}

/** Brings `training` there; false where it has other networks, and nothing has changed. */
export function bringTo({ networks }: Training, { states }: Standing): boolean {
  const own = networks.map(({ name }) => states[name]);
  if (own.includes(undefined)) return false;
  networks.forEach(({ trainer }, i) => {
    const state = own[i];
    if (state !== undefined) trainer.loadState(state, { allowNonFinite: true });
  });
  return true;
}

export async function keep(panel: string, identity: string, standing: Standing): Promise<void> {
  await save("trainings", panel, { version: VERSION, identity, ...standing });
}

/** What was kept of a training with the same settings. */
export async function keptOf(panel: string, identity: string): Promise<Standing | undefined> {
  // The page's own writing, of this version: see `keep`.
  const kept = (await load("trainings", panel)) as Kept | undefined;
  return kept?.version === VERSION && kept.identity === identity ? kept : undefined;
}

export function forget(panel: string): Promise<void> {
  return remove("trainings", panel);
}
