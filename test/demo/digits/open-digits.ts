import { digitFiles } from "../../../demo/digit-files.ts";
import type { DigitsPictures } from "../../../demo/panels/digits/pictures.ts";
import { type DigitsSettings, digitsSettings } from "../../../demo/panels/digits/settings.ts";
import { open } from "../../../demo/panels/digits/training.ts";
import { defaultsOf } from "../../../demo/settings.ts";
import type { Training } from "../../../demo/worker/training.ts";

export async function loadData(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await digitFiles[name]?.();
  if (file === undefined) throw new Error(`There is no data/${name}.`);
  return Uint8Array.from(file);
}

/** The panel's training as the worker opens it, with its defaults where nothing else is said. */
export function openDigits(settings: Partial<DigitsSettings> = {}) {
  // The defaults are those of the declaration that the type is made of.
  const all = { ...defaultsOf(digitsSettings), ...settings } as DigitsSettings;
  return open(all, loadData);
}

/** Takes steps of all networks in turn, as the worker does; gives the numbers of the last that had them, by name. */
export function stepper({ networks, between }: Training<DigitsPictures>) {
  const hooks = { onDeviceLost: () => {} };
  const fits = networks.map((network) => ({
    network,
    steps: network.fit(hooks)[Symbol.asyncIterator](),
  }));
  let step = 0;
  const last: Record<string, number> = {};
  return {
    last,
    async take(count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        for (const { network, steps } of fits) {
          const { value, done } = await steps.next();
          if (done !== true) Object.assign(last, network.values(value));
        }
        Object.assign(last, await between?.(++step));
      }
    },
    async end(): Promise<void> {
      for (const { steps } of fits) await steps.return?.();
    },
  };
}
