/** Runs in a browser that is killed: a training that writes checkpoints to OPFS, and what is left of it afterwards. */
import { init } from "../../src/index.ts";
import { opfs } from "../../src/io/index.ts";
import { latestIn, telling } from "../support/killed/said.ts";
import { STEPS, trainOn } from "../support/killed/training.ts";

/** Says what it has done, line by line. */
export async function train(folder: string): Promise<void> {
  const { runtime } = await init({ device: "cpu", threads: 1 });
  const { to, told } = telling(opfs(folder), (line) => console.log(line));
  await trainOn(to, told);
  await runtime.close();
}

/** The step of the latest checkpoint. */
export const latest = (folder: string): Promise<number> => latestIn(opfs(folder));

/** The bytes of the last file of a training that came to its end. */
export async function bytes(folder: string): Promise<string> {
  const name = `step-${String(STEPS).padStart(9, "0")}.safetensors`;
  return (await opfs(folder).place(name).read()).join();
}
