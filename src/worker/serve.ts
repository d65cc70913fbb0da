/** The worker's half of the conversation: one training, followed step by step. */
import { ArgumentError, InternalError } from "../errors.ts";
import type { History } from "../train/index.ts";
import { Gate } from "./gate.ts";
import { type FromTraining, opened, type ToTraining } from "./messages.ts";
import { plainError } from "./plain-error.ts";
import type { Port } from "./port.ts";
import { Reports } from "./reports.ts";
import type { Calls, Training, TrainingSetup } from "./training.ts";
import { transferred } from "./transfer.ts";

type Setup = TrainingSetup<unknown, Calls>;
type Start = Extract<ToTraining, { kind: "start" }>;

/** Answers the page at `port`. */
export function serve(port: Port, training: Training<unknown, unknown, Calls>): void {
  const post = (message: FromTraining, values: readonly unknown[] = []) =>
    port.post({ gradgpu: message }, transferred(values));
  const abort = new AbortController();
  const gate = new Gate();
  let setup: Setup | undefined;

  const answers: { readonly [K in ToTraining["kind"]]: (of: ToTraining & { kind: K }) => unknown } =
    {
      hello: () => post({ kind: "hello" }),
      start: async (start) => {
        try {
          setup = await training.setUp(start.options);
          await follow(setup, start);
        } catch (error) {
          post({ kind: "failed", error: plainError(error) });
          gate.end();
        }
      },
      pause: ({ id }) => answer(id, () => gate.close()),
      resume: () => gate.open(),
      abort: () => {
        abort.abort();
        gate.open();
      },
      state: ({ id }) => answer(id, () => of(setup).trainer.state()),
      call: ({ id, name, args }) =>
        answer(id, () => {
          const call = of(setup).calls?.[name];
          if (call === undefined)
            throw new ArgumentError(
              `trainInWorker: there must be a call of that name; got ${name}. Give it in the calls of what defineTraining returns.`,
            );
          return call(...(args as never[]));
        }),
    };

  async function answer(id: number, value: () => unknown): Promise<void> {
    try {
      const result = await value();
      // What cannot be cloned is the call's fault, and told as such.
      post({ kind: "answer", id, value: result }, [result]);
    } catch (error) {
      post({ kind: "refusal", id, error: plainError(error) });
    }
  }

  async function follow(own: Setup, { state, isPaused }: Start): Promise<void> {
    // It was a trainer's state when it was sent.
    if (state !== undefined)
      own.trainer.loadState(state as Parameters<typeof own.trainer.loadState>[0]);
    if (isPaused) gate.shut();
    post({ kind: "ready", calls: Object.keys(own.calls ?? {}) });
    const reports = new Reports((together) =>
      post({ kind: "progress", reports: together }, together),
    );
    post({ kind: "done", history: await steps(own, reports) });
  }

  async function steps(
    { trainer, data, fit, progress }: Setup,
    reports: Reports,
  ): Promise<History> {
    await gate.passed();
    const run = trainer.fit(data, { ...fit, signal: abort.signal });
    try {
      for await (const report of run) {
        reports.add(progress === undefined ? report : await progress(report));
        if (!gate.isOpen) reports.send();
        await gate.passed();
      }
    } finally {
      reports.send();
      gate.end();
    }
    return run;
  }

  port.listen((data) => {
    const message = opened<ToTraining>(data);
    // The table has an answer for each kind, which TypeScript cannot see of a union.
    if (message !== undefined) void (answers[message.kind] as (of: ToTraining) => unknown)(message);
  });
  // A module that waits for something before it says what it trains has missed the page's greeting.
  if ("WorkerGlobalScope" in globalThis) post({ kind: "hello" });
}

function of(setup: Setup | undefined): Setup {
  if (setup !== undefined) return setup;
  throw new InternalError(
    "the page asks for nothing before it is told that the training is set up.",
  );
}
