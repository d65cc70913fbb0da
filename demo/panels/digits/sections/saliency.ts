/** Which pixels a digit's score hangs on: its gradient over the picture. */
import { between, rgb } from "../../../draw/colours.ts";
import { largest, Picture } from "../../../draw/picture.ts";
import { h } from "../../../page/dom.ts";
import { border, number } from "../canvas.ts";
import type { Context } from "../context.ts";
import { type Ink, SIDE } from "../pictures.ts";

export function saliencySection({ section, words, state, remote }: Context): void {
  const { title, text, label, caption } = words.saliency;
  const body = section({ title, text, code: () => import("../snippets/saliency.ts?raw") });
  let gradient: Float32Array = new Float32Array(SIDE * SIDE);
  let most = 1;
  const told = h("p", { class: "quiet" });
  const scratch = document.createElement("canvas");
  scratch.width = scratch.height = SIDE;
  const picture = new Picture({
    label: title,
    height: (width) => width,
    draw(canvas, width) {
      scratch.getContext("2d")?.putImageData(mixed(state.now.ink, gradient, most), 0, 0);
      canvas.imageSmoothingEnabled = false;
      canvas.drawImage(scratch, 0, 0, width, width);
      border(canvas, [1, 1, width - 2, width - 2]);
    },
  });
  body.append(h("div", { class: "square" }, picture.canvas), told);
  const asked = () => ({ ink: state.now.ink, digit: state.digit });
  const watch = remote.watch(picture.canvas, "saliency", asked(), (answer) => {
    gradient = answer.gradient;
    most = largest(gradient) || 1;
    told.textContent = caption(state.digit, number(most));
    picture.describe(label(state.digit));
    picture.redraw();
  });
  let before = state.digit;
  state.onChange(({ ink }, last) => {
    if (ink !== last.ink || state.digit !== before) watch.ask(asked());
    before = state.digit;
    picture.redraw();
  });
}

/** Pale ink, and over it the colour of the gradient's sign, as strong as the gradient. */
function mixed(ink: Ink, gradient: Float32Array, most: number): ImageData {
  const pixels = new ImageData(SIDE, SIDE);
  const [paper, dark, warm, cold] = [rgb("card"), rgb("ink"), rgb("warm"), rgb("accent")];
  for (let i = 0; i < ink.length; i++) {
    const slope = (gradient[i] ?? 0) / most;
    const below = between(paper, dark, (0.4 * (ink[i] ?? 0)) / 255);
    const colour = between(below, slope > 0 ? warm : cold, Math.abs(slope) ** 0.8);
    pixels.data.set([...colour, 255], 4 * i);
  }
  return pixels;
}
