/** Runs in pages with policies: opens a device, computes, and says what came, or which error. */
import { add, init, tensor } from "../../src/functions.ts";
import type { InitOptions } from "../../src/runtime/init.ts";

export interface Answer {
  readonly values?: readonly number[];
  readonly description?: string;
  readonly error?: string;
  readonly message?: string;
}

export async function compute(options: InitOptions): Promise<Answer> {
  try {
    const { runtime, description } = await init(options);
    const values = await add(tensor(new Float32Array([1, 2, 3])), 1).data();
    await runtime.close();
    return { values: [...values], description };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: name, message };
  }
}

Object.assign(globalThis, { compute });
