/** Pictures on demand: what is on screen, between steps, one on its way to the page at a time. */
import { DeviceLostError } from "gradgpu";
import type { Command } from "../protocol.ts";
import type { Training } from "./training.ts";

interface Watch {
  readonly id: number;
  picture: string;
  request: unknown;
  /** Whether the page has drawn the last one. */
  isReady: boolean;
  /** The step that was last shown; undefined where what is asked has changed since. */
  shown: number | undefined;
}

type Ask = Extract<Command, { kind: "ask" }>;

export interface ProbeListener {
  picture(id: number, step: number, answer: unknown): void;
  answer(id: number, answer: unknown): void;
  refuse(id: number, error: unknown): void;
}

/** Time for pictures between two steps: of more, the rest is for the next time. */
const BETWEEN_STEPS_MS = 24;

export class Probes {
  readonly #listener: ProbeListener;
  readonly #watches = new Map<number, Watch>();
  #asked: Ask[] = [];

  constructor(listener: ProbeListener) {
    this.#listener = listener;
  }

  watch({ id, picture, request }: Extract<Command, { kind: "watch" }>): void {
    const known = this.#watches.get(id);
    if (known === undefined) {
      this.#watches.set(id, { id, picture, request, isReady: true, shown: undefined });
    } else Object.assign(known, { picture, request, shown: undefined });
  }

  unwatch(id: number): void {
    this.#watches.delete(id);
  }

  drawn(id: number): void {
    const watch = this.#watches.get(id);
    if (watch !== undefined) watch.isReady = true;
  }

  ask(command: Ask): void {
    this.#asked.push(command);
  }

  /** Everything that is shown is to be shown anew. */
  invalidate(): void {
    for (const watch of this.#watches.values()) watch.shown = undefined;
  }

  /** Answers what waits for an answer, those first that were seen longest ago. Whether there is more to do. */
  async answer(training: Training, step: number): Promise<boolean> {
    const start = performance.now();
    for (const { id, picture, request } of this.#asked.splice(0)) {
      try {
        this.#listener.answer(id, await pictureOf(training, picture, request));
      } catch (error) {
        this.#listener.refuse(id, error);
      }
    }
    for (const watch of this.#due(step)) {
      if (performance.now() - start > BETWEEN_STEPS_MS) return true;
      const { id, picture, request } = watch;
      watch.shown = step;
      const answer = await unlessLost(() => pictureOf(training, picture, request));
      if (answer === LOST) {
        watch.shown = undefined;
        return false;
      }
      // What is asked may have changed meanwhile.
      if (this.#watches.get(id) !== watch) continue;
      watch.isReady = false;
      this.#listener.picture(id, step, answer);
    }
    return false;
  }

  /** Whether everything that is shown is of this step, and nothing waits for an answer. */
  isDone(step: number): boolean {
    const shown = [...this.#watches.values()].every((watch) => watch.shown === step);
    return shown && this.#asked.length === 0;
  }

  #due(step: number): Watch[] {
    return [...this.#watches.values()]
      .filter(({ isReady, shown }) => isReady && shown !== step)
      .sort((a, b) => (a.shown ?? -1) - (b.shown ?? -1));
  }
}

const LOST = Symbol("the device was lost");

/**
 * What `task` comes to, or that its device was lost meanwhile: training's next step goes on with another one, and then
 * everything is shown anew.
 */
export async function unlessLost<T>(task: () => Promise<T>): Promise<T | typeof LOST> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof DeviceLostError) return LOST;
    throw error;
  }
}

async function pictureOf(training: Training, name: string, request: unknown): Promise<unknown> {
  const pictures: Readonly<Record<string, (request: never) => Promise<unknown>>> =
    training.pictures;
  const picture = pictures[name];
  if (picture === undefined) throw new Error(`This panel has no picture "${name}".`);
  // The page asks for its own panel's pictures, by the types of protocol.ts.
  return await picture(request as never);
}
