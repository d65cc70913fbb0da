/** The page's half: a training in a worker, of which only messages are here. */
import { anything, callable, checkOptions, flag, rule } from "../arguments.ts";
import { ArgumentError, DeviceLostError, DeviceUnavailableError } from "../errors.ts";
import type { History, TrainerState } from "../train/index.ts";
import { type FromTraining, opened, type ToTraining } from "./messages.ts";
import { errorAgain } from "./plain-error.ts";
import { type AnyWorker, portOf, startWorker, type WorkerPort } from "./port.ts";
import { Stream } from "./stream.ts";
import type { Calls, Training } from "./training.ts";
import { transferred } from "./transfer.ts";

/** What `trainInWorker` is told. */
export interface WorkerOptions<O, P> {
  /** What the training's `setUp` is called with: plain data, see `transfer`. */
  readonly options?: O;
  /** What `state()` gave: training goes on from there. */
  readonly state?: TrainerState;
  /** Waits for `resume()` before the first step; false. */
  readonly paused?: boolean;
  /** Called with the progress of every step. */
  readonly onProgress?: (progress: P) => void;
  /** Ends the training, as `abort()` does. */
  readonly signal?: AbortSignal;
}

/** Options of the training are left out only where it has none. */
type Given<O, P> = undefined extends O
  ? [given?: WorkerOptions<O, P>]
  : [given: WorkerOptions<O, P> & { readonly options: O }];

type OptionsOf<T> = T extends Training<infer O, infer _, infer __> ? O : unknown;
type ProgressOf<T> = T extends Training<infer _, infer P, infer __> ? P : unknown;
type CallsOf<T> = T extends Training<infer _, infer __, infer C> ? C : Calls;

/** The training's calls, each of which is answered later. */
export type RemoteCalls<C> = {
  readonly [K in keyof C]: C[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** A training in a worker. */
export interface Remote<T> {
  /**
   * Its progress, step by step, from now on; ends with it. Several may follow.
   * @throws what the training ends in
   */
  progress(): AsyncIterableIterator<ProgressOf<T>>;
  /** What the training has said that it can be asked: samples, pictures. @throws what they throw there */
  readonly calls: RemoteCalls<CallsOf<T>>;
  /** Settles when training stands still, with its last steps reported. */
  pause(): Promise<void>;
  /** Goes on after a pause. */
  resume(): void;
  /** Ends the training: `done` is rejected with an AbortError. Calls and `state` are answered still. */
  abort(): void;
  /** All that training goes on from, between two steps. */
  state(): Promise<TrainerState>;
  /** Settled when the training ends. @throws what it ends in: the signal's reason when it is aborted, NonFiniteError, … */
  readonly done: Promise<History>;
  /** Ends the worker. What is asked of it then is rejected. */
  close(): void;
}

/** A worker that says nothing for so long has no training. */
const HELLO_MS = 60_000;

/**
 * Trains in a worker, from data to pictures; here are messages only. The module says what it trains by `defineTraining`.
 *
 * ```ts
 * import { trainInWorker } from "gradgpu/worker";
 * import type { training } from "./training.ts";
 *
 * const remote = await trainInWorker<typeof training>(new URL("./training.ts", import.meta.url), { options: { epochs: 5 } });
 * for await (const { step, loss } of remote.progress()) console.log(step, loss);
 * ```
 * Bundlers make a worker of what stands in `new Worker(new URL("./training.ts", import.meta.url), { type: "module" })`
 * only: hand that in in place of the address.
 * @throws what setting up throws; DeviceUnavailableError for a worker that does not start or has no training; ArgumentError
 */
export async function trainInWorker<T = Training<unknown, unknown, Calls>>(
  worker: URL | string | AnyWorker,
  ...[given = {}]: Given<OptionsOf<T>, ProgressOf<T>>
): Promise<Remote<T>> {
  checkOptions<WorkerOptions<unknown, never>>("trainInWorker", given, {
    options: anything,
    state: anything,
    paused: flag,
    onProgress: callable,
    signal: rule("an AbortSignal", (value) => value instanceof AbortSignal),
  });
  given.signal?.throwIfAborted();
  const talk = new Conversation<ProgressOf<T>>(portOf(workerOf(worker)), given);
  const calls = await talk.ready;
  return {
    progress: () => talk.reports.follow(),
    // Named by the training itself.
    calls: Object.fromEntries(
      calls.map((name) => [
        name,
        (...args: unknown[]) => talk.ask((id) => ({ kind: "call", id, name, args }), args),
      ]),
    ) as RemoteCalls<CallsOf<T>>,
    pause: async () => void (await talk.ask((id) => ({ kind: "pause", id }))),
    resume: () => talk.post({ kind: "resume" }),
    abort: () => talk.post({ kind: "abort" }),
    state: async () => (await talk.ask((id) => ({ kind: "state", id }))) as TrainerState,
    done: talk.done,
    close: () => talk.close("it was closed"),
  };
}

function workerOf(given: URL | string | AnyWorker): AnyWorker {
  if (typeof given === "object" && "postMessage" in given) return given;
  if (typeof given !== "string" && !(given instanceof URL)) {
    throw new ArgumentError(
      `trainInWorker: the worker must be a Worker or the address of its module; got ${typeof given}. Write new URL("./training.ts", import.meta.url).`,
    );
  }
  const started = startWorker(given);
  if (started !== undefined) return started;
  throw new DeviceUnavailableError(
    "trainInWorker: there must be workers; got a host with neither Worker nor node:worker_threads. Call it from a page.",
  );
}

interface Asked {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, "promise"> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // The executor has run by now.
  return { promise, ...(settle as Omit<Deferred<T>, "promise"> & object) };
}

/** What is said to a worker and by it. */
class Conversation<P> {
  readonly reports = new Stream<P>();
  /** The names of the training's calls. */
  readonly ready: Promise<readonly string[]>;
  readonly done: Promise<History>;
  readonly #port: WorkerPort;
  readonly #asked = new Map<number, Asked>();
  #ids = 0;
  /** Why nothing more is said. */
  #ended: Error | undefined;
  readonly #heard: {
    readonly [K in FromTraining["kind"]]: (of: FromTraining & { kind: K }) => void;
  };

  constructor(port: WorkerPort, given: WorkerOptions<unknown, P>) {
    this.#port = port;
    const ready = deferred<readonly string[]>();
    const done = deferred<History>();
    this.ready = ready.promise;
    this.done = done.promise;
    // Whoever awaits neither is told by the other, or does not ask.
    this.ready.catch(() => {});
    this.done.catch(() => {});
    let isStarted = false;
    const abort = () => this.post({ kind: "abort" });
    const fail = (error: Error) => {
      clearTimeout(limit);
      given.signal?.removeEventListener("abort", abort);
      ready.reject(error);
      done.reject(error);
      this.reports.end(error);
    };
    this.#fail = fail;
    this.#heard = {
      hello: () => {
        if (isStarted) return;
        isStarted = true;
        clearTimeout(limit);
        const { options, state, paused = false } = given;
        this.post({ kind: "start", options, state, isPaused: paused }, [options]);
      },
      ready: ({ calls }) => ready.resolve(calls),
      progress: ({ reports }) => {
        for (const report of reports as readonly P[]) {
          given.onProgress?.(report);
          this.reports.add(report);
        }
      },
      answer: ({ id, value }) => this.#take(id)?.resolve(value),
      refusal: ({ id, error }) => this.#take(id)?.reject(errorAgain(error)),
      done: ({ history }) => {
        given.signal?.removeEventListener("abort", abort);
        done.resolve(history);
        this.reports.end();
      },
      failed: ({ error }) => fail(errorAgain(error)),
    };
    const limit = setTimeout(() => {
      this.close(`it said nothing for ${HELLO_MS / 1000} s`, DeviceUnavailableError);
    }, HELLO_MS);
    // Of what cannot be set up nothing is kept.
    this.ready.catch(() => port.terminate());
    port.onEnd((reason) =>
      this.close(reason, isStarted ? DeviceLostError : DeviceUnavailableError),
    );
    port.listen((data) => {
      const message = opened<FromTraining>(data);
      // As in serve.ts.
      if (message !== undefined) (this.#heard[message.kind] as (of: FromTraining) => void)(message);
    });
    given.signal?.addEventListener("abort", abort, { once: true });
    this.post({ kind: "hello" });
  }

  readonly #fail: (error: Error) => void;

  post(message: ToTraining, values: readonly unknown[] = []): void {
    if (this.#ended === undefined) this.#port.post({ gradgpu: message }, transferred(values));
  }

  async ask(
    message: (id: number) => ToTraining,
    values: readonly unknown[] = [],
  ): Promise<unknown> {
    if (this.#ended !== undefined) throw this.#ended;
    const id = this.#ids++;
    const answer = new Promise<unknown>((resolve, reject) =>
      this.#asked.set(id, { resolve, reject }),
    );
    try {
      this.post(message(id), values);
    } catch (error) {
      // What cannot be cloned is told at the call.
      this.#asked.delete(id);
      throw error;
    }
    return answer;
  }

  close(
    reason: string,
    Kind: typeof DeviceLostError | typeof DeviceUnavailableError = DeviceLostError,
  ): void {
    if (this.#ended !== undefined) return;
    const remedy =
      Kind === DeviceUnavailableError
        ? 'Its module calls defineTraining; a bundler needs new Worker(new URL("./training.ts", import.meta.url), { type: "module" }).'
        : "Start another by trainInWorker, with the last state.";
    this.#ended = new Kind(`trainInWorker: the worker must be there; got ${reason}. ${remedy}`);
    this.#port.terminate();
    for (const { reject } of this.#asked.values()) reject(this.#ended);
    this.#asked.clear();
    this.#fail(this.#ended);
  }

  #take(id: number): Asked | undefined {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    return asked;
  }
}
