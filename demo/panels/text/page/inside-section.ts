/** What goes on in the LSTM while it reads: a unit followed through a text, all of them as a map, and what a letter hangs on. */
import { h, on } from "../../../page/dom.ts";
import type { Watch } from "../../../page/remote.ts";
import { FEATURES } from "../features.ts";
import { type Range, unitsOn } from "../matching.ts";
import {
  type FeatureName,
  type Influence,
  type Quantity,
  type Reading,
  TOP,
  type UnitOrder,
} from "../pictures.ts";
import { SAMPLED } from "../samples.ts";
import { ExpectedBars, percent } from "./expected.ts";
import { HeatMap } from "./heat-map.ts";
import { Letters, named } from "./letters.ts";
import type { Context } from "./samples-section.ts";
import { field, type WriteSection } from "./write-section.ts";

const ROWS = 32;
const FOUND = 8;
/** A unit whose correlation is as large is called one that goes with a feature. */
const CLEAR = 0.5;
const QUANTITIES: readonly Quantity[] = ["f", "i", "o", "c"];

export function insideSection(context: Context, write: WriteSection): void {
  const { section, words, remote } = context;
  const said = words.inside;
  const body = section({
    title: said.title,
    text: said.text,
    code: () => import("../snippets/gates.ts?raw"),
    isWide: true,
  });

  let reading: Reading | undefined;
  let characters: readonly string[] = [];
  let order: UnitOrder | undefined;
  let feature: FeatureName | undefined;
  /** Whether the visitor has said what to sort by, and which unit to follow; until then it is what shows most. */
  let isFeatureChosen = false;
  let isUnitChosen = false;
  let quantity: Quantity = "c";
  let unit = 0;
  let range: Range | undefined;
  let threshold = 0.5;
  let influence: Influence | undefined;
  let influenceWatch:
    | Watch<{ readonly passage: string | undefined; readonly at: number }>
    | undefined;
  let isWritten = false;

  const passage = () => (isWritten ? write.text() : undefined);
  const bars = new ExpectedBars();
  const gates = h("p", { class: "quiet gates" });
  const legend = h("p", { class: "quiet legend" });
  const letters = new Letters(
    said.label,
    {
      describe: (t) => said.letter(named(reading?.letters[t] ?? ""), stateText(t)),
      onPoint: (t) => {
        map.point(t);
        showLetter();
      },
      onPick: (t) => pickLetter(t),
      onBrush: (brushed) => {
        range = brushed && brushed.to > brushed.from ? brushed : undefined;
        showFound();
      },
    },
    "passage",
  );
  const map = new HeatMap(said.mapLabel, {
    describe: (t, of) =>
      said.cell(named(reading?.letters[t] ?? ""), of, valueText(quantity, t, of)),
    onPoint: (t) => {
      letters.point(t);
      showLetter();
    },
    onPick: follow,
  });
  const [ofText, ofWritten] = ([false, true] as const).map((written) =>
    choice(said.passages[written ? "written" : "text"], !written, () => {
      isWritten = written;
      ofText?.setAttribute("aria-pressed", String(!written));
      ofWritten?.setAttribute("aria-pressed", String(written));
      readAnew();
    }),
  );
  const tabs = QUANTITIES.map((one) =>
    choice(
      said.quantities[one],
      one === quantity,
      () => {
        quantity = one;
        press(tabs, QUANTITIES.indexOf(one));
        showMap();
      },
      one,
    ),
  );
  const sorts = FEATURES.map((one) =>
    choice(said.features[one], false, () => chooseFeature(one), one),
  );
  const limit = h("input", {
    type: "range",
    min: 0.1,
    max: 0.95,
    step: 0.05,
    value: threshold,
    // Of nothing marked nothing is found.
    disabled: true,
    "data-text": "threshold",
  });
  const shownLimit = h("output", {}, threshold.toFixed(2));
  const found = h("p", { class: "found", role: "status" }, said.brush);
  on(limit, "input", () => {
    threshold = limit.valueAsNumber;
    shownLimit.textContent = threshold.toFixed(2);
    showFound();
  });
  body.append(
    group(said.reads, ofText, ofWritten),
    h(
      "div",
      { class: "beside" },
      h("div", {}, letters.picture.canvas, legend),
      h("div", {}, bars.element, gates),
    ),
    h("div", { class: "find" }, field(said.threshold, limit, shownLimit), found),
    h("div", { class: "map-tools" }, group(said.shows, ...tabs), group(said.sortBy, ...sorts)),
    map.element,
    h("p", { class: "quiet" }, said.mapText),
  );

  const watch = remote.watch(letters.picture.canvas, "read", { passage: undefined }, (answer) => {
    reading = answer;
    if (unit >= answer.units) unit = 0;
    if (order !== undefined && order.order.length !== answer.units) order = undefined;
    showAll();
  });
  remote.listen((event) => {
    if (event.kind !== "opened") return;
    stopInfluence();
    void remote.ask("source", {}).then(
      (source) => {
        characters = source.characters;
        void sort();
      },
      () => undefined,
    );
  });
  // Units become what they are while it trains. Sorted anew when there is time to look, and at a few steps: rows that jump
  // all the time could not be read, and none does under a pointer or a key.
  remote.listen((event) => {
    if (event.kind === "state" && event.state === "paused" && !map.isUsed) void sort();
  });
  context.onProgress((points) => {
    if (!map.isUsed && points.some(({ step }) => SAMPLED.some((at) => at === step))) void sort();
  });
  write.onWritten(() => {
    if (isWritten) readAnew();
  });

  function readAnew(): void {
    stopInfluence();
    range = undefined;
    letters.brush(undefined);
    watch.ask({ passage: passage() });
    showFound();
  }

  let sorted = 0;
  async function sort(): Promise<void> {
    const turn = ++sorted;
    try {
      const [by, answer] = await (feature !== undefined && isFeatureChosen
        ? orderOf(feature)
        : clearest());
      if (turn !== sorted) return;
      [order, feature] = [answer, by];
      if (!isUnitChosen) unit = order.order[0] ?? 0;
    } catch {
      // Another training has been opened.
      return;
    }
    press(sorts, FEATURES.indexOf(feature));
    showAll();
  }

  async function orderOf(by: FeatureName) {
    return [by, await remote.ask("order", { by })] as const;
  }

  /** The first feature that a unit goes with clearly, or the one that a unit goes with most. */
  async function clearest() {
    const orders = await Promise.all(FEATURES.map(orderOf));
    const most = ([, { correlations }]: (typeof orders)[number]) =>
      correlations.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const [first] = orders.toSorted((a, b) => most(b) - most(a));
    const found = orders.find((one) => most(one) >= CLEAR) ?? first;
    if (found === undefined) throw new Error("There are features.");
    return found;
  }

  function chooseFeature(by: FeatureName): void {
    feature = by;
    isFeatureChosen = true;
    isUnitChosen = false;
    void sort();
  }

  function follow(chosen: number): void {
    unit = chosen;
    isUnitChosen = true;
    stopInfluence();
    showAll();
  }

  /** What a letter hangs on, until it is picked again or a unit is. */
  function pickLetter(t: number): void {
    const isSame = influence?.at === t;
    stopInfluence();
    if (!isSame && t > 0) {
      influenceWatch = remote.watch(
        letters.picture.canvas,
        "influence",
        { passage: passage(), at: t },
        (answer) => {
          influence = answer;
          showText();
        },
      );
    }
    showText();
  }

  function stopInfluence(): void {
    influenceWatch?.stop();
    influenceWatch = influence = undefined;
  }

  function showAll(): void {
    showText();
    showMap();
    showLetter();
    showFound();
  }

  function showText(): void {
    if (reading === undefined) return;
    const { letters: all, units, steps } = reading;
    if (influence === undefined) {
      letters.show({ letters: all, shade: (t) => steps.c[t * units + unit] ?? 0 });
      legend.textContent = said.legendUnit(unit, correlationText(unit));
      return;
    }
    const { at, norms } = influence;
    const most = norms.reduce((a, b) => Math.max(a, b), 1e-12);
    letters.show({
      letters: all,
      shade: (t) => (t < at ? (norms[t] ?? 0) / most : 0),
      isFaint: (t) => t > at,
    });
    legend.textContent = said.legendInfluence(named(all[at] ?? ""));
  }

  function showMap(): void {
    if (reading === undefined) return;
    const rows =
      order === undefined ? Array.from({ length: reading.units }, (_, u) => u) : [...order.order];
    const shown = rows.slice(0, ROWS);
    if (!shown.includes(unit)) shown[shown.length - 1] = unit;
    map.show(reading, quantity, shown, unit);
  }

  function showLetter(): void {
    if (reading === undefined) return;
    const t = letters.at ?? 0;
    const { letters: all, expected, probabilities } = reading;
    const top = Math.min(TOP, expected.length / Math.max(1, all.length));
    const next = all[t + 1];
    bars.show(
      said.expects(
        all
          .slice(Math.max(0, t - 11), t + 1)
          .map(named)
          .join(""),
      ),
      Array.from({ length: top }, (_, rank) => {
        const character = characters[expected[t * top + rank] ?? -1] ?? "";
        return {
          character,
          probability: probabilities[t * top + rank] ?? 0,
          came: character === next,
        };
      }),
    );
    const all4 = QUANTITIES.map((one) => `${said.short[one]} ${valueText(one, t, unit)}`);
    gates.textContent = said.gates(named(all[t] ?? ""), unit, all4.join(" · "));
  }

  function showFound(): void {
    const isMarked = range !== undefined && range.to < (reading?.letters.length ?? 0);
    limit.disabled = !isMarked;
    if (reading === undefined || range === undefined || !isMarked) {
      found.replaceChildren(said.brush);
      return;
    }
    const units = unitsOn(reading, range, threshold);
    const text = reading.letters
      .slice(range.from, range.to + 1)
      .map(named)
      .join("");
    found.replaceChildren(
      // With the threshold: another one may leave the units as they are, and whoever moves it sees that it was heard.
      said.found(
        units.length,
        text.length > 24 ? `${text.slice(0, 24)}…` : text,
        threshold.toFixed(2),
      ),
      ...units.slice(0, FOUND).map((one) => {
        const label = `${one.sign < 0 ? "−" : "+"}${one.unit}`;
        return choice(label, one.unit === unit, () => follow(one.unit));
      }),
    );
  }

  function valueText(one: Quantity, t: number, of: number): string {
    if (reading === undefined) return "";
    return (reading.steps[one][t * reading.units + of] ?? 0).toFixed(2).replace("-", "−");
  }

  function stateText(t: number): string {
    const { bits } = reading ?? {};
    const own = bits?.[t] ?? Number.NaN;
    const surprise = Number.isNaN(own) ? "" : percent(2 ** -own);
    return `${valueText("c", t, unit)}${surprise === "" ? "" : `, ${surprise}`}`;
  }

  function correlationText(of: number): string {
    if (order === undefined || feature === undefined) return "";
    const value = order.correlations[of] ?? 0;
    return said.correlation(said.features[feature], value.toFixed(2).replace("-", "−"));
  }
}

function choice(
  label: string,
  isPressed: boolean,
  act: () => void,
  name?: string,
): HTMLButtonElement {
  const button = h(
    "button",
    { type: "button", "aria-pressed": String(isPressed), "data-text": name },
    label,
  );
  on(button, "click", act);
  return button;
}

function press(buttons: readonly HTMLElement[], which: number): void {
  for (const [i, button] of buttons.entries())
    button.setAttribute("aria-pressed", String(i === which));
}

function group(label: string, ...buttons: (HTMLElement | undefined)[]): HTMLElement {
  return h(
    "div",
    { class: "choices", role: "group", "aria-label": label },
    h("span", {}, label),
    ...buttons,
  );
}
