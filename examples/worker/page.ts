/** The page: messages, and what is drawn of them. */
import { trainInWorker } from "gradgpu/worker";
import type { training } from "./training.ts";

const element = (id: string) => document.getElementById(id) as HTMLElement;
const canvas = element("picture") as HTMLCanvasElement;

const remote = await trainInWorker<typeof training>(
  new Worker(new URL("./training.ts", import.meta.url), { type: "module" }),
  { options: { epochs: 40 } },
);
element("pause").onclick = () => void remote.pause();
element("resume").onclick = () => remote.resume();
element("abort").onclick = () => remote.abort();

async function draw(): Promise<void> {
  const rgba = await remote.calls.picture();
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, canvas.width), 0, 0);
}

try {
  for await (const { step, loss, accuracy } of remote.progress()) {
    element("told").textContent = `step ${step}: loss ${loss.toFixed(3)}, accuracy ${accuracy}`;
    if (step % 64 === 0) await draw();
  }
  const { steps } = await remote.done;
  await draw();
  element("told").textContent += `, trained in ${steps} steps`;
} catch (error) {
  element("told").textContent += `, ${String(error)}`;
}
document.title = "trained";
