/** The text panel's training as the worker opens it, on the device that is open. */
import { readFile } from "node:fs/promises";
import { init } from "gradgpu";
import { corpusOf } from "../../../demo/panels/text/corpus.ts";
import { open, TextTraining, type TextValues } from "../../../demo/panels/text/training.ts";

export const DEFAULTS: TextValues = {
  text: "alice",
  units: "32",
  window: 24,
  learningRate: 0.01,
  temperature: 0.7,
  seed: 1,
};

export const HOOKS = { onDeviceLost: () => undefined };

export async function openText(values: Partial<TextValues> = {}) {
  const load = async (name: string) =>
    new Uint8Array(await readFile(new URL(`../../../demo/data/${name}`, import.meta.url)));
  return await open({ ...DEFAULTS, ...values }, load, () => init());
}

/** The same of a text that was pasted. */
export function openPasted(text: string, values: Partial<TextValues> = {}) {
  return new TextTraining({ ...DEFAULTS, text: "own-pasted", ...values }, corpusOf(text));
}

export type Opened = Awaited<ReturnType<typeof openText>>;

/** So many steps as the worker takes them; the numbers of each. */
export async function steps(training: Opened, count: number): Promise<Record<string, number>[]> {
  const [network] = training.networks;
  if (network === undefined) throw new Error("There is a network.");
  const before = network.trainer.step;
  const taken: Record<string, number>[] = [];
  for await (const report of network.fit(HOOKS)) {
    const more = await training.between?.(before + taken.length + 1);
    taken.push({ ...network.values(report), ...more });
    if (taken.length === count) break;
  }
  return taken;
}
