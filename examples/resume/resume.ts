/** `npm run example -- resume`: a training that may be stopped, or killed, at any moment. */
import { runAsScript } from "../shared/script.ts";
import { type Settings, train } from "./training.ts";

export const FULL: Settings = { epochs: 60, units: 64 };
export const QUICK: Settings = { epochs: 12, units: 16 };

export async function main(settings: Settings): Promise<void> {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const checkpoints = `out/resume/${settings.epochs}-${settings.units}`;
  try {
    const { step, checksum } = await train(settings, {
      checkpoints,
      signal: stop.signal,
      onResume: (at, epoch) =>
        console.log(
          at === 0 ? "From the beginning." : `From step ${at}, in epoch ${epoch}: ${checkpoints}.`,
        ),
      onEpoch: ({ epoch, step: at, loss }) =>
        console.log(`epoch ${epoch}, step ${at}: loss ${loss.toFixed(4)}`),
    });
    console.log(`${step} steps, weights ${checksum}. Remove ${checkpoints} to begin anew.`);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.log("Stopped, and written down. The same again goes on.");
  }
}

await runAsScript(import.meta.url, { main, full: FULL, quick: QUICK });
