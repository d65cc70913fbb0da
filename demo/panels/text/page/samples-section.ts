/** What the network writes at steps 0, 10, 30, 100 …, under each other; a letter is the bluer, the surer the network was. */
import { h } from "../../../page/dom.ts";
import type { PanelContext } from "../../../page/panel.ts";
import type { Sample, TextPictures } from "../pictures.ts";
import type { textSettings } from "../settings.ts";
import type { TextWords } from "../words/en.ts";
import { Letters } from "./letters.ts";

export type Context = PanelContext<TextPictures, typeof textSettings, TextWords>;

export function samplesSection({ section, words, remote }: Context): void {
  const said = words.samples;
  const body = section({
    title: said.title,
    text: said.text,
    code: () => import("../snippets/learn.ts?raw"),
    isWide: true,
  });
  const list = h("ol", { class: "samples" });
  body.append(list);
  let shown: readonly Sample[] = [];
  const rows = new Map<number, Letters>();
  // All of them every time: there are ten at most, and another training has others.
  remote.watch(list, "samples", { from: 0 }, ({ samples }) => {
    if (same(samples, shown)) return;
    const kept = new Set(samples.map(({ step }) => step));
    for (const [step, letters] of rows) {
      if (kept.has(step) && same(samples.slice(0, shown.length), shown)) continue;
      letters.picture.dispose();
      rows.delete(step);
    }
    shown = samples;
    list.replaceChildren(...samples.toReversed().map((sample) => row(sample)));
  });

  function row(sample: Sample): HTMLElement {
    const { step, letters, given, probabilities } = sample;
    const text = letters.join("");
    let own = rows.get(step);
    if (own === undefined) {
      own = new Letters(said.label(step, text));
      own.show({
        letters,
        given,
        shade: (t) => (t < given ? 0 : -(probabilities[t] ?? 0)),
      });
      rows.set(step, own);
    }
    return h("li", { "data-step": step }, h("b", {}, said.step(step)), own.picture.canvas);
  }
}

function same(a: readonly Sample[], b: readonly Sample[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      ({ step, letters }, i) => step === b[i]?.step && letters.join() === b[i]?.letters.join(),
    )
  );
}
