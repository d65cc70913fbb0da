/** The same in a page: its checkpoints lie in the browser's own storage, so a reload goes on. */
import { init } from "gradgpu";
import { opfs } from "gradgpu/io";
import { train } from "./training.ts";

const told = document.querySelector("#told");
const tell = (line: string) => {
  if (told !== null) told.textContent = `${line}\n${told.textContent}`;
};

const checkpoints = opfs("gradgpu-resume");
document.querySelector("#anew")?.addEventListener("click", async () => {
  for (const name of await checkpoints.names()) await checkpoints.place(name).remove();
  location.reload();
});

const opened = await init();
tell(`Device: ${opened.device} (${opened.description}).`);
const { step, checksum } = await train(
  { epochs: 2000, units: 64 },
  {
    checkpoints,
    onResume: (at, epoch) =>
      tell(at === 0 ? "From the beginning." : `From step ${at}, in epoch ${epoch}.`),
    onEpoch: ({ epoch, loss }) => tell(`epoch ${epoch}: loss ${loss.toFixed(4)}`),
  },
);
tell(`${step} steps, weights ${checksum}.`);
