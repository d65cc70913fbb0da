/** `npm start`: a CNN on MNIST and an LSTM on Moby Dick, trained here, in the terminal. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { GradgpuError, init, type Opened } from "gradgpu";
import { duration } from "../shared/progress.ts";
import { formatTable } from "../shared/table.ts";
import { HELP, type Options, parseArguments } from "./arguments.ts";
import { type DigitsResult, trainDigits } from "./digits.ts";
import { loadMnist } from "./mnist.ts";
import { loadMoby } from "./moby.ts";
import { renderReport } from "./report/report.ts";
import { FULL, QUICK } from "./settings.ts";
import { type Summary, summaryJson, summaryRows } from "./summary.ts";
import { type TextResult, trainText } from "./text.ts";
import { Interrupted, type Run } from "./training.ts";

const EXIT = { failed: 1, usage: 2, interrupted: 130 } as const;
const OUT = "out";

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv);
  if (parsed.kind === "help") {
    console.log(HELP);
    return 0;
  }
  if (parsed.kind === "error") {
    console.error(parsed.message);
    return EXIT.usage;
  }
  const stop = new AbortController();
  process.once("SIGINT", () => {
    console.error("\nStopping after this step. Ctrl-C again ends at once.");
    process.once("SIGINT", () => process.exit(EXIT.interrupted));
    stop.abort();
  });
  try {
    await run(parsed.options, stop.signal);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      console.error(error.message);
      return EXIT.interrupted;
    }
    // Our own errors say what to do; the stack of anything else is worth having.
    console.error(error instanceof GradgpuError ? error.message : error);
    return EXIT.failed;
  }
}

async function run({ device, quick, resume, seed }: Options, signal: AbortSignal): Promise<void> {
  const startMs = performance.now();
  const opened = await init({ device: device ?? "auto", seed });
  console.log(`Device: ${opened.device} (${opened.description}), because ${opened.why}.`);
  if (quick) {
    console.log(
      "A quick run: small parts of the data, little training; the full run does far better.",
    );
  }
  const settings = quick ? QUICK : FULL;
  const checkpoints = `${OUT}/checkpoints/${quick ? "quick" : "full"}-${seed}`;
  if (!resume) await rm(checkpoints, { recursive: true, force: true });
  const context: Run = { seed, signal, terminal: process.stderr, checkpoints };
  const [mnist, moby] = await Promise.all([loadMnist(), loadMoby()]);
  const digits = await trainDigits(mnist, settings.digits, context);
  console.log(`digits: ${(100 * digits.testAccuracy).toFixed(2)} % of the test digits are right.`);
  const text = await trainText(moby, settings.text, context);
  await opened.runtime.close();

  console.log(`\n${text.sample}\n`);
  const summary = summarise(opened, digits, text);
  console.log(formatTable(summaryRows(summary, opened.why)));
  const report = renderReport({
    summary,
    device: {
      why: opened.why,
      facts: [
        ["what it is", opened.description],
        ["Node", process.version],
      ],
    },
    run: { date: new Date(), seed, quick },
    digits,
    text,
  });
  await mkdir(OUT, { recursive: true });
  await writeFile(`${OUT}/report.html`, report);
  await writeFile(`${OUT}/summary.json`, summaryJson(summary));
  console.log(
    `In all ${duration(performance.now() - startMs)}. See ${pathToFileURL(resolve(OUT, "report.html")).href}`,
  );
}

function summarise({ device }: Opened, digits: DigitsResult, text: TextResult): Summary {
  const { testAccuracy } = digits;
  const { bitsPerChar, trigramBitsPerChar, sample } = text;
  const cost = ({ steps, msPerStep, seconds }: DigitsResult | TextResult) => ({
    steps,
    msPerStep,
    seconds,
  });
  return {
    device,
    digits: { testAccuracy, ...cost(digits) },
    text: { bitsPerChar, trigramBitsPerChar, ...cost(text), sample },
  };
}

process.exitCode = await main(process.argv.slice(2));
