/** What a panel gives the page, and what the page gives a panel. */
import type { History, Point } from "../history.ts";
import type { AnyPictures, Pictures } from "../protocol.ts";
import type { Settings, Value, ValuesOf } from "../settings.ts";
import type { CommonWords } from "../words/en.ts";
import type { Language, PanelWords } from "../words/language.ts";
import type { Remote } from "./remote.ts";

/** One chart: lines of numbers by their names in `Network.values`; what they are called is in the panel's words. */
export interface Curve {
  readonly values: readonly string[];
  /** Numbers to be better than, of the data and not of the network: drawn for this run, not again for kept ones. */
  readonly guides?: readonly string[];
  /** "cross-entropy (nats)". */
  readonly unit: (words: PanelWords) => string;
  readonly scale?: "linear" | "log";
  readonly range?: readonly [low: number, high: number];
  /** What a point is of, from its step: sequences seen, for instance. The step where nothing is said. */
  readonly x?: (step: number) => number;
}

/** A number that stands beside the step, as `format` writes it. */
export interface Figure {
  readonly value: string;
  readonly format: (value: number) => string;
}

export interface PanelPage<P extends Pictures<P>, S extends Settings, W extends PanelWords> {
  readonly curves: readonly Curve[];
  readonly figures: readonly Figure[];
  /** Fills the page with sections: once, a panel that is left stays where it is. */
  mount(context: PanelContext<P, S, W>): void;
}

/** A panel's page, whatever its pictures, settings and words are. */
export interface AnyPanelPage extends Omit<PanelPage<AnyPictures, Settings, PanelWords>, "mount"> {
  mount(context: never): void;
}

export interface SectionOptions {
  readonly title: string;
  /** A few plain sentences. */
  readonly text: string;
  /** The few lines that do it: a file of the panel's snippets, `() => import("./snippets/filters.ts?raw")`. */
  readonly code?: () => Promise<{ readonly default: string }>;
  /** Over the whole width; else two stand side by side where there is room. */
  readonly isWide?: boolean;
}

export interface PanelContext<P extends Pictures<P>, S extends Settings, W extends PanelWords> {
  readonly host: HTMLElement;
  readonly language: Language;
  readonly words: W;
  readonly common: CommonWords;
  readonly remote: Remote<P>;
  /** As they are now. */
  settings(): ValuesOf<S>;
  /** As if a visitor had changed it: in its control, the address, and the training. */
  set<K extends keyof S & string>(name: K, value: Value): void;
  /** Several at once: they begin one training. */
  setAll(values: Partial<ValuesOf<S>>): void;
  /** A card under the host, and its body, to be filled. */
  section(options: SectionOptions): HTMLElement;
  /** The card of the curves: once, where it is to stand. */
  curves(options?: { readonly isWide?: boolean }): void;
  /** All numbers so far. */
  readonly history: History;
  /** Called with what is new, about ten times a second while it trains. */
  onProgress(listener: (points: readonly Point[]) => void): void;
}
