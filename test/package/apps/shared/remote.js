// Training in a worker by one call, seen from where it was started.
import { trainInWorker } from "gradgpu/worker";

export async function remoteOutcome(worker) {
  try {
    const losses = [];
    const remote = await trainInWorker(worker, {
      options: { epochs: 3 },
      onProgress: (loss) => losses.push(loss),
    });
    const { steps } = await remote.done;
    const device = await remote.calls.device();
    await remote.calls.close();
    remote.close();
    return { device, first: losses[0], last: losses.at(-1), isSame: steps === losses.length };
  } catch ({ name, message, stack }) {
    return { error: name, message, stack };
  }
}
