/** The networks of the memory panel, which learn the same sequences side by side, and what can be seen of them. */

import type { ValuesOf } from "../../settings.ts";
import type { OpenTraining, Training } from "../../worker/training.ts";
import { Answering } from "./answers.ts";
import { Batches } from "./batches.ts";
import { type Column, checkedCell, columnsOf, modelOf, UNITS } from "./columns.ts";
import { Cost } from "./cost.ts";
import { Film, lanesOf, MOST_STEPS } from "./film.ts";
import { flowOf } from "./flow.ts";
import { MemoryNetwork } from "./network.ts";
import { CellError } from "./own/parse.ts";
import type { ByState, ColumnName, FilmAnswer, MemoryPictures, OwnAnswer } from "./pictures.ts";
import { normsOf } from "./read.ts";
import type { memorySettings } from "./settings.ts";
import { Sweep } from "./sweep.ts";
import { answerOf, answersOf, saidBy, TASKS, written } from "./tasks/index.ts";

type Values = ValuesOf<typeof memorySettings>;

export const open: OpenTraining<typeof memorySettings, MemoryPictures> = async (settings) =>
  new MemoryTraining(settings, await begun(settings));

/** A column as it was opened. */
interface Begun {
  readonly column: Column;
  readonly network: MemoryNetwork;
  readonly start: ByState;
}

async function begun({ task: name, lag, window, gates, own, seed }: Values): Promise<Begun[]> {
  const task = TASKS[name];
  const batches = new Batches(task, lag, seed);
  const back = backOf(window);
  const all: Begun[] = [];
  for (const column of columnsOf(own).columns) {
    const model = modelOf(column, { task, lag, gates, seed });
    const start = await flowOf(model, task, batches.at(0), back);
    all.push({ column, network: new MemoryNetwork(column.name, model, batches, back), start });
  }
  return all;
}

/** Steps that a gradient goes back; undefined for all. */
function backOf(window: Values["window"]): number | undefined {
  return window === "whole" ? undefined : Number(window);
}

class MemoryTraining implements Training<MemoryPictures> {
  readonly networks: readonly MemoryNetwork[];
  readonly #settings: Values;
  readonly #columns: readonly Begun[];
  readonly #batches: Batches;
  readonly #films = new Map<ColumnName, Film>();
  readonly #answering = new Map<ColumnName, Answering>();
  readonly #cost: Cost;
  readonly #sweep: Sweep;

  constructor(settings: Values, columns: readonly Begun[]) {
    const { task, lag, window, gates, seed } = settings;
    this.#settings = settings;
    this.#columns = columns;
    this.networks = columns.map(({ network }) => network);
    this.#batches = new Batches(TASKS[task], lag, seed);
    this.#cost = new Cost(seed);
    this.#sweep = new Sweep({
      columns: columns.map(({ column }) => column),
      task: TASKS[task],
      window: backOf(window),
      gates,
      seed,
    });
  }

  readonly pictures: Training<MemoryPictures>["pictures"] = {
    gradient: async () => ({
      steps: this.#batches.at(0).x.shape[0] ?? 0,
      columns: this.#columns.map(({ column: { name }, network: { flow }, start }) => ({
        name,
        start: copied(start),
        now: flow && copied(flow),
      })),
    }),

    answers: async ({ sequence }) => {
      const { task, lag } = this.#settings;
      const batch = this.#batches.shown(sequence, lag);
      const columns = [];
      for (const { name, model } of this.networks) {
        const answering = this.#answering.get(name) ?? new Answering(model, answersOf(task));
        this.#answering.set(name, answering);
        columns.push({ name, ...saidBy(task, await answering.last(batch)) });
      }
      return { reads: written(task, batch, 0), answer: answerOf(task, batch, 0), columns };
    },

    film: ({ network, sequence }) => this.#film(network, sequence),
    cost: () => this.#cost.measure(),
    sweep: () => this.#sweep.measure(),
    own: async ({ code }) => ownAnswer(code),
  };

  async #film(name: ColumnName, sequence: number): Promise<FilmAnswer> {
    const own = this.#columns.find(({ column }) => column.name === name);
    if (own === undefined) throw new Error(`There is no network "${name}".`);
    const { task, lag, window } = this.#settings;
    const back = backOf(window);
    const [more = 0] = this.#batches.shown(0, lag).x.shape;
    // Brackets come in pairs: a lag may have one step less than it says.
    const longest = filmSteps(back) - Math.max(1, more - lag);
    const batch = this.#batches.shown(sequence, Math.min(lag, longest));
    const cuts = cutsOf(batch.x.shape[0] ?? 0, back);
    const known = this.#films.get(name);
    const film = known ?? new Film(own.column, own.network.model, TASKS[task], cuts);
    this.#films.set(name, film);
    const unrolled = await film.unroll(batch);
    return {
      reads: written(task, batch, 0),
      answer: answerOf(task, batch, 0),
      loss: unrolled.loss,
      cuts,
      values: norms(unrolled.values),
      gradients: norms(unrolled.gradients),
      lanes: lanesOf(unrolled),
    };
  }

  dispose(): void {
    for (const film of this.#films.values()) film.dispose();
    for (const answering of this.#answering.values()) answering.dispose();
    this.#cost.dispose();
    this.#sweep.dispose();
    for (const network of this.networks) network.dispose();
  }
}

/** The steps in front of which a gradient that goes back so many is cut: windows begin with the sequence. */
export function cutsOf(steps: number, window = steps): number[] {
  const count = Math.ceil(steps / window) - 1;
  return Array.from({ length: count }, (_, i) => (i + 1) * window);
}

/** As long as can be followed, with a last window that is whole. */
function filmSteps(window = MOST_STEPS): number {
  return window < MOST_STEPS ? MOST_STEPS - (MOST_STEPS % window) : MOST_STEPS;
}

/** What a cell's code is worth. */
export function ownAnswer(code: string): OwnAnswer {
  try {
    return { weights: checkedCell(code).weights, wrong: undefined };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const { line, column, message } = error;
    return { weights: [], wrong: { line, column, message } };
  }
}

function copied(norms: ByState): ByState {
  return Object.fromEntries(Object.entries(norms).map(([name, of]) => [name, of.slice()]));
}

function norms(all: ByState): ByState {
  return Object.fromEntries(Object.entries(all).map(([name, of]) => [name, normsOf(of, UNITS)]));
}
