/** What `out/summary.json` says of a run. */
export interface Summary {
  readonly device: string;
  readonly digits: {
    /** Share of the test digits that were recognised, 0 … 1. */
    readonly testAccuracy: number;
    readonly steps: number;
    readonly msPerStep: number;
    readonly seconds: number;
  };
  readonly text: {
    /** Of the held-out text. */
    readonly bitsPerChar: number;
    readonly trigramBitsPerChar: number;
    readonly steps: number;
    readonly msPerStep: number;
    readonly seconds: number;
    /** What the model wrote. */
    readonly sample: string;
  };
}

/** The contents of `out/summary.json`, figures to six significant digits. */
export function summaryJson(summary: Summary): string {
  const rounded = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value;
  return `${JSON.stringify(summary, rounded, 2)}\n`;
}

/** Rows of the table that ends a run, here and in the report. */
export function summaryRows(
  summary: Summary,
  whyThisDevice: string,
): [label: string, value: string][] {
  const { digits, text } = summary;
  return [
    ["device", `${summary.device} (${whyThisDevice})`],
    ["digits: test accuracy", `${(100 * digits.testAccuracy).toFixed(2)} %`],
    ["digits: training", training(digits)],
    ["text: bits per character", text.bitsPerChar.toFixed(3)],
    ["text: trigram model's", text.trigramBitsPerChar.toFixed(3)],
    ["text: training", training(text)],
  ];
}

function training({ steps, msPerStep, seconds }: Summary["digits"] | Summary["text"]): string {
  return `${steps} steps, ${msPerStep.toFixed(1)} ms a step, ${seconds.toFixed(1)} s`;
}
