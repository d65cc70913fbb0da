/** The languages of the page, and what every panel has words for. */
export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

export interface SettingWords {
  readonly label: string;
  /** What it does, in a few words. */
  readonly hint?: string;
  /** What choices are called that are not called by their names. */
  readonly choices?: Readonly<Record<string, string>>;
}

export interface PanelWords {
  /** In the navigation. */
  readonly name: string;
  readonly title: string;
  readonly lead: string;
  readonly settings: Readonly<Record<string, SettingWords>>;
  /** What the numbers of curves and figures are called, by their names in `Network.values`. */
  readonly values: Readonly<Record<string, string>>;
}

/** The same words in another language: every text of `W` as any text. */
export type Translated<W> = W extends string
  ? string
  : W extends (...given: infer G) => string
    ? (...given: G) => string
    : { readonly [K in keyof W]: Translated<W[K]> };
