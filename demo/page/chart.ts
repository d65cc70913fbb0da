/**
 * Curves over the steps, by uPlot: this run's lines, and those of runs that were kept, thinner and fainter. A colour says
 * of what a line is, among this run's lines a dash says so too, and among kept ones of which run.
 */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type ColourName, css } from "../draw/colours.ts";
import type { History } from "../history.ts";
import type { PanelWords } from "../words/language.ts";
import type { Curve } from "./panel.ts";
import type { KeptRun } from "./runs.ts";
import { onTheme } from "./theme.ts";

const COLOURS: readonly ColourName[] = ["s0", "s1", "s2", "s3", "s4"];
/** Beside the colour, so that lines can be told apart without it. */
const DASHES: readonly number[][] = [[], [7, 4], [2, 3], [10, 3, 2, 3], [1, 4]];
/** The same in the legend: only borders of these styles can be had there. */
const BORDERS = ["solid", "dashed", "dotted"];
/** Of a chart over the whole width, and of one beside another card, in CSS pixels. */
const HEIGHTS = { wide: 200, half: 240 } as const;

export class Chart {
  readonly #host: HTMLElement;
  readonly #curve: Curve;
  readonly #words: PanelWords;
  readonly #history: History;
  readonly #observer: ResizeObserver;
  readonly #height: number;
  readonly #forget: () => void;
  #kept: readonly KeptRun[] = [];
  #plot: uPlot | undefined;
  #width = 0;
  #isDue = false;

  constructor(
    host: HTMLElement,
    curve: Curve,
    words: PanelWords,
    history: History,
    room: keyof typeof HEIGHTS,
  ) {
    this.#height = HEIGHTS[room];
    this.#host = host;
    this.#curve = curve;
    this.#words = words;
    this.#history = history;
    this.#observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width === 0 || width === this.#width) return;
      this.#width = width;
      if (this.#plot === undefined) this.#make();
      else this.#plot.setSize({ width, height: this.#height });
    });
    this.#observer.observe(host);
    this.#forget = onTheme(() => this.#make());
  }

  /** Runs whose lines are drawn, too. */
  compare(kept: readonly KeptRun[]): void {
    this.#kept = kept;
    this.#make();
  }

  /** Draws what there is by now, in the next animation frame. */
  update(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#plot?.setData(this.#data());
      this.#showLast();
    });
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#forget();
    this.#plot?.destroy();
  }

  #make(): void {
    if (this.#width === 0) return;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#uplotOptions(), this.#data(), this.#host);
    this.#showLast();
  }

  #uplotOptions(): uPlot.Options {
    const { values, guides = [], unit, scale = "linear", range } = this.#curve;
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = {
      font,
      stroke: css("dim"),
      grid: { stroke: css("rule"), width: 1 },
      ticks: { show: false },
    };
    return {
      width: this.#width,
      height: this.#height,
      scales: {
        x: { time: false },
        y: {
          ...(scale === "log" ? { distr: 3 as const } : {}),
          ...(range === undefined ? {} : { range: [range[0], range[1]] }),
        },
      },
      axes: [
        { ...axis, size: 28 },
        {
          ...axis,
          label: unit(this.#words),
          labelFont: font,
          size: 52,
          labelSize: 18,
          ...(this.#isShare ? { values: (_, at) => at.map((share) => percent(share, 0)) } : {}),
        },
      ],
      series: [
        { label: "" },
        ...[...values, ...guides].map((name, i) => ({
          ...this.#line(i, i),
          label: this.#named(name),
        })),
        ...this.#kept.flatMap((run, k) =>
          values.map((name, i) => ({
            ...this.#line(i, k + 1, 0.6),
            label: `${run.title}: ${this.#named(name)}`,
          })),
        ),
      ],
      cursor: { points: { size: 7 }, y: false },
      hooks: { setLegend: [() => this.#showLast()] },
      legend: {
        live: true,
        markers: {
          // uPlot has copied what it was given.
          dash: ({ series }, i) =>
            BORDERS[DASHES.findIndex((dash) => String(dash) === String(series[i]?.dash))] ??
            "dashed",
          fill: () => "none",
        },
      },
    };
  }

  #named(name: string): string {
    return this.#words.values[name] ?? name;
  }

  #line(colour: number, dash: number, alpha = 1): uPlot.Series {
    return {
      stroke: css(COLOURS[colour % COLOURS.length] ?? "s0", alpha),
      width: alpha === 1 ? 2 : 1,
      dash: DASHES[dash % DASHES.length] ?? [],
      spanGaps: true,
      points: { show: false },
      value: (_, value) => {
        if (value === null || value === undefined) return "–";
        return this.#isShare ? percent(value, 1) : Number(value.toPrecision(4)).toString();
      },
    };
  }

  /** Parts of one whole: written as per cent. */
  get #isShare(): boolean {
    const [low, high] = this.#curve.range ?? [];
    return low === 0 && high === 1;
  }

  /** Under a pointer that is elsewhere the legend shows each line's last number. */
  #showLast(): void {
    const plot = this.#plot;
    if (plot === undefined || (plot.cursor.left ?? -1) >= 0) return;
    const idxs = plot.data.map((numbers) =>
      Array.from(numbers).findLastIndex((one) => one !== null && one !== undefined),
    );
    plot.setLegend({ idxs }, false);
  }

  #data(): uPlot.AlignedData {
    const { values, guides = [], x = (step: number) => step } = this.#curve;
    const shown = (columns: (number | null)[][]) => {
      const [steps = [], ...rest] = columns;
      return [steps.map((step) => x(step ?? 0)), ...rest] as uPlot.AlignedData;
    };
    const now = shown(this.#history.columns([...values, ...guides]));
    if (this.#kept.length === 0) return now;
    return uPlot.join([now, ...this.#kept.map((run) => shown(run.history.columns(values)))]);
  }
}

const percent = (share: number, digits: number) => `${(100 * share).toFixed(digits)} %`;
