import { escapeHtml } from "../../shared/html.ts";
import type { Summary } from "../summary.ts";
import { summaryRows } from "../summary.ts";
import { lineChart, type Point } from "./charts.ts";
import {
  type Confusion,
  confusionTable,
  type Filters,
  filterGrid,
  type Mistake,
  mistakeGallery,
} from "./pictures.ts";
import { STYLE } from "./style.ts";

/** All that the report shows of a run. */
export interface Results {
  readonly summary: Summary;
  readonly device: {
    /** Why this one was chosen: "no GPU adapter was found". */
    readonly why: string;
    /** Whatever else is known: adapter, threads, SIMD. */
    readonly facts: readonly (readonly [label: string, value: string])[];
  };
  readonly run: { readonly date: Date; readonly seed: number; readonly quick: boolean };
  readonly digits: {
    /** Cross-entropy of every step, in nats. */
    readonly losses: readonly Point[];
    readonly confusion: Confusion;
    readonly filters: Filters;
    /** The worst first. */
    readonly mistakes: readonly Mistake[];
  };
  readonly text: {
    /** Bits per character of every step's batch. */
    readonly losses: readonly Point[];
    /** Bits per character of the held-out text, whenever it was measured. */
    readonly heldOut: readonly Point[];
  };
}

/** The report of a run as one HTML page that needs nothing else: no script, no file, no network. */
export function renderReport(results: Results): string {
  return [
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>gradgpu: two networks trained here</title><style>${STYLE}</style></head><body><main>`,
    head(results),
    digits(results),
    text(results),
    deviceTable(results),
    "</main></body></html>\n",
  ].join("\n");
}

function head({ summary, run }: Results): string {
  const seconds = summary.digits.seconds + summary.text.seconds;
  const figures = [
    [`${(100 * summary.digits.testAccuracy).toFixed(2)} %`, "of the test digits recognised"],
    [summary.text.bitsPerChar.toFixed(3), "bits per character on unseen text"],
    [summary.text.trigramBitsPerChar.toFixed(3), "bits per character, trigram model"],
    [`${seconds.toFixed(0)} s`, `of training on ${summary.device}`],
  ] as const;
  const cards = figures.map(
    ([value, label]) => `<div><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`,
  );
  const kind = run.quick ? "A quick run on part of the data" : "A full run";
  return (
    "<h1>Two networks, trained on this machine</h1>" +
    `<p class="lead">${kind}, ${run.date.toISOString().slice(0, 16).replace("T", " ")} UTC, seed ${run.seed}.</p>` +
    `<div class="figures">${cards.join("")}</div>`
  );
}

function digits({ digits: { losses, confusion, filters, mistakes } }: Results): string {
  return [
    "<h2>Digits: a convolutional network on MNIST</h2>",
    card(
      "Loss",
      lineChart({
        title: "Loss of the digits' network",
        unit: "cross-entropy (nats)",
        points: losses,
      }),
    ),
    card("What was taken for what", confusionTable(confusion)),
    card("The first layer's filters", filterGrid(filters)),
    mistakes.length === 0
      ? ""
      : card(
          "The worst mistakes",
          `<p class="lead">The digit → the answer, and how sure of it the network was.</p>${mistakeGallery(mistakes)}`,
        ),
  ].join("\n");
}

function text({ summary, text: { losses, heldOut } }: Results): string {
  const { bitsPerChar, trigramBitsPerChar, sample } = summary.text;
  const chart = lineChart({
    title: "Bits per character of the text's network",
    unit: "bits per character",
    points: losses,
    checks: { label: "held-out text", points: heldOut },
    level: { label: "trigram model on the held-out text", value: trigramBitsPerChar },
  });
  return [
    "<h2>Text: a character-level LSTM on <i>Moby Dick</i></h2>",
    card("Bits per character", chart),
    card(
      "On the last tenth of the book, which neither has seen",
      bars(bitsPerChar, trigramBitsPerChar),
    ),
    card("What it writes", `<blockquote>${escapeHtml(sample)}</blockquote>`),
  ].join("\n");
}

function bars(lstm: number, trigram: number): string {
  const largest = Math.max(lstm, trigram);
  const bar = (label: string, value: number, kind: string) =>
    `<span>${label}</span><i class="${kind}" style="width:${((100 * value) / largest).toFixed(1)}%"></i><b>${value.toFixed(3)}</b>`;
  return `<div class="bars">${bar("LSTM", lstm, "own")}${bar("trigram model", trigram, "other")}</div>`;
}

function deviceTable({ summary, device }: Results): string {
  const rows = [...summaryRows(summary, device.why), ...device.facts].map(
    ([label, value]) =>
      `<tr><th scope="row">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<h2>The device and the run</h2><div class="card scroll"><table class="facts"><tbody>${rows.join("")}</tbody></table></div>`;
}

function card(title: string, body: string): string {
  return `<section class="card"><h3>${title}</h3>${body}</section>`;
}
