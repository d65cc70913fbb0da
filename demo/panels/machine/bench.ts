/** The short benchmark: cases of the suite in bench/, made ready by its own engine and timed round by round. */
import type { Opened } from "gradgpu";
import type { Prepared } from "../../../bench/contract.ts";
import { prepareKernel } from "../../../bench/engines/gradgpu-kernels.ts";
import { prepareStep } from "../../../bench/engines/gradgpu-steps.ts";
import { type BenchName, benchCase } from "./bench-cases.ts";
import type { BenchRound } from "./pictures.ts";

/** A round runs a case as often as takes about so long: a page's clock has steps, and one wait is a part of one run. */
const ROUND_MS = 40;

interface Ready {
  readonly prepared: Prepared;
  readonly times: number;
  readonly who: Pick<BenchRound, "device" | "description">;
}

export class Bench {
  readonly #device: () => Promise<Opened>;
  #ready: (Ready & { readonly name: BenchName }) | undefined;

  /** `device` tells the one that is open: another one may have taken the place of one that was lost. */
  constructor(device: () => Promise<Opened>) {
    this.#device = device;
  }

  /** The mean of a round's runs. The first round of a case also makes it ready, and says how many runs a round has. */
  async round(name: BenchName): Promise<BenchRound> {
    if (this.#ready?.name !== name) {
      await this.dispose();
      this.#ready = { name, ...(await this.#prepare(name)) };
    }
    const { prepared, times, who } = this.#ready;
    return { ...who, times, elapsedMs: await timed(prepared, times) };
  }

  async dispose(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    await ready?.prepared.dispose();
  }

  async #prepare(name: BenchName): Promise<Ready> {
    const { runtime, device, description } = await this.#device();
    const one = benchCase(name);
    const prepared = prepareStep(one, runtime) ?? prepareKernel(one, runtime);
    if (prepared === undefined) throw new Error(`gradgpu has nothing for ${one.name}.`);
    // Once for what is compiled.
    await prepared.run();
    const times = Math.max(1, Math.ceil(ROUND_MS / (await timed(prepared, 1))));
    return { prepared, times, who: { device, description } };
  }
}

/** Milliseconds of one of `times` runs. */
async function timed(prepared: Prepared, times: number): Promise<number> {
  const start = performance.now();
  if (prepared.runMany === undefined) for (let i = 0; i < times; i++) await prepared.run();
  else await prepared.runMany(times);
  return (performance.now() - start) / times;
}
