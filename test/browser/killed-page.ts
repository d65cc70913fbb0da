/** Runs in a browser that is killed: a training that writes checkpoints to OPFS, and what is left of it afterwards. */
import { init } from "../../src/index.ts";
import { opfs } from "../../src/io/index.ts";
import { readCheckpoint } from "../../src/train/checkpoints/file.ts";
import { STEPS, trainOn } from "../support/killed/training.ts";

/** Says what it has done, line by line. */
export async function train(folder: string): Promise<void> {
  const { runtime } = await init({ device: "cpu", threads: 1 });
  await trainOn(folder, {
    step: (step) => console.log(`step ${step}`),
    written: ({ name, step }) => name.startsWith("step") && console.log(`written ${step}`),
  });
  await runtime.close();
}

/** The step of the latest checkpoint; every file can be read, or has nothing in it. */
export async function latest(folder: string): Promise<number> {
  const files = opfs(folder);
  let found = 0;
  for (const name of await files.names()) {
    const place = files.place(name);
    if ((await place.size()) === 0) continue;
    const { step } = await readCheckpoint(place);
    if (name.startsWith("step")) found = Math.max(found, step);
  }
  return found;
}

/** The bytes of the last file of a training that came to its end. */
export async function bytes(folder: string): Promise<string> {
  const name = `step-${String(STEPS).padStart(9, "0")}.safetensors`;
  return (await opfs(folder).place(name).read()).join();
}
