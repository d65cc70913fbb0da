/**
 * Device memory of tensors that nobody can reach is given back when the engine finds out, and the engine does not know
 * how much hangs on such a small object. This asks it to look, which can only be done by giving it a reason.
 */

/** Large and never touched: engines count such a buffer in full, and the system gives it no memory. */
const PRESSURE_BYTES = 64 * 2 ** 20;
const BUFFERS_A_ROUND = 4;
const ROUNDS = 12;

/** Lets the engine collect until `isEnough`, or until it is plain that there is no garbage. */
export async function collectGarbage(isEnough: () => boolean): Promise<void> {
  const { gc = press } = globalThis as { gc?: () => void };
  for (let round = 0; round < ROUNDS && !isEnough(); round++) {
    gc();
    // What was found unreachable is told in tasks of its own.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function press(): void {
  try {
    for (let i = 0; i < BUFFERS_A_ROUND; i++) new ArrayBuffer(PRESSURE_BYTES);
  } catch {
    // A host that is as short of memory as that has collected by now.
  }
}
