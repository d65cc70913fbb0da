import { keyOf } from "gradgpu";
import { escapeHtml } from "../../shared/html.ts";
import { PLOT_STYLE } from "../../shared/plot.ts";
import { PAGE_STYLE } from "../../shared/style.ts";
import type { AccuracyRow, Results } from "../results.ts";
import { adding, TOLERANCE } from "../tasks/adding.ts";
import { recall, sentence } from "../tasks/recall.ts";
import type { Task } from "../tasks/task.ts";
import { SOLVED, STREAK } from "../training.ts";
import {
  accuracyChart,
  biasChart,
  FAINTEST,
  gradientChart,
  growthChart,
  memoryChart,
  timeChart,
  truncationChart,
} from "./charts.ts";
import {
  accuracyFacts,
  biasFacts,
  controlFact,
  costFacts,
  gradientFacts,
  growthFacts,
  isLearned,
  LEARNED,
  truncationFacts,
} from "./facts.ts";
import { settingsTable } from "./settings-table.ts";
import { cellsOf, list, percent, small, written } from "./words.ts";

/** The report of a run as one HTML page that needs nothing else: no script, no file, no network. */
export function renderReport(results: Results): string {
  return [
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>gradgpu: how far back they remember</title><style>${PAGE_STYLE}${PLOT_STYLE}${STYLE}</style></head><body><main>`,
    head(results),
    accuracy(results),
    gradient(results),
    truncation(results),
    cost(results),
    settingsTable(results),
    "</main></body></html>\n",
  ].join("\n");
}

const STYLE = `
.grid-table { font-size: .9rem; margin-top: .8rem; } .grid-table th { font-weight: 500; color: var(--dim); text-align: right; }
.grid-table th, .grid-table td { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid var(--rule); }
.grid-table th:first-child { text-align: left; padding-left: 0; } .grid-table td.learned { font-weight: 650; }
.card > p:last-child, .card > ul:last-child { margin-bottom: 0; } ul { margin: .8rem 0; padding-left: 1.2rem; }
`;

function head({ run, accuracy, flow }: Results): string {
  const cards = cellsOf(accuracy).map((cell) => {
    const reached = accuracy
      .filter((row) => row.task === "recall" && row.cell === cell)
      .filter(isLearned)
      .map(({ lag }) => lag);
    const value = reached.length === 0 ? "none" : `${Math.max(...reached)} steps`;
    return `<div><b>${value}</b><span>the longest lag at which the ${escapeHtml(written(cell))} learned to recall a word</span></div>`;
  });
  const lags = accuracy.map(({ lag }) => lag);
  return (
    "<h1>How far back do recurrent networks remember?</h1>" +
    `<p class="lead">${run.isQuick ? "A quick run, with short lags and little training" : "A full run"}, ` +
    `${run.date.toISOString().slice(0, 16).replace("T", " ")} UTC, ${escapeHtml(run.device)}, seed ${run.seed}. ` +
    `Lags ${list([...new Set(lags)])}; gradients over ${flow.lag} steps.</p>` +
    `<div class="figures">${cards.join("")}</div>`
  );
}

function accuracy({ accuracy: rows, run, settings }: Results): string {
  const lag = Math.min(12, ...settings.lags);
  const { words, answer } = sentence(keyOf(run.seed), { lag, count: 1 });
  const intros: Readonly<Record<Task["name"], string>> = {
    recall:
      "“I grew up in France, … I speak ___”: the first word is one of eight countries, the last the question, and the words between say nothing. " +
      `At lag ${lag} a sequence reads “${escapeHtml(words.join(" "))} ___”, and the answer is ${escapeHtml(answer)}.`,
    adding:
      "In every step a random number and a mark; two steps are marked, one in the first tenth and one in the second half, and the answer is the sum of their numbers " +
      `(Hochreiter & Schmidhuber 1997). Right is what is less than ${TOLERANCE} off; who knows the second number alone is right in ${percent(adding.chance)}.`,
  };
  const cards = [recall, adding].map((task) => {
    const own = rows.filter((row) => row.task === task.name);
    if (own.length === 0) return "";
    return card(
      `${task.title}: accuracy by lag`,
      `<p>${intros[task.name]}</p>`,
      accuracyChart(`${task.title}: accuracy by lag`, own, task.chance),
      accuracyTable(own),
      bullets(accuracyFacts(own, task.chance)),
    );
  });
  return (
    "<h2>What they can learn</h2>" +
    `<p>Every network gets the same budget of ${settings.budget} batches of ${settings.batchSize} sequences, and is tested on ${settings.tested} that it has not seen. ` +
    `Learned means at least ${percent(LEARNED)} right. A failure here is one of this budget, seed and size: more of any may do more.</p>${cards.join("")}`
  );
}

function accuracyTable(rows: readonly AccuracyRow[]): string {
  const lags = [...new Set(rows.map(({ lag }) => lag))];
  const line = (cell: AccuracyRow["cell"]) => {
    const cells = lags.map((lag) => {
      const row = rows.find((one) => one.cell === cell && one.lag === lag);
      if (row === undefined) return "<td></td>";
      return `<td${isLearned(row) ? ' class="learned"' : ""}>${percent(row.accuracy)}<br><small>${row.batches}</small></td>`;
    });
    return `<tr><th scope="row">${escapeHtml(written(cell))}</th>${cells.join("")}</tr>`;
  };
  return (
    `<div class="scroll"><table class="grid-table"><thead><tr><th>lag</th>${lags.map((lag) => `<th scope="col">${lag}</th>`).join("")}</tr></thead>` +
    `<tbody>${cellsOf(rows).map(line).join("")}</tbody></table></div><small>Below each accuracy: batches learned from. Training ends early once the last ${STREAK} batches are right in ${percent(SOLVED)}.</small>`
  );
}

function gradient({ flow }: Results): string {
  return [
    "<h2>Why: the gradient on its way back</h2>",
    `<p>The loss looks at the last step alone. To learn what was seen d steps before, its gradient must survive d steps back. gradientFlow writes the norm of ∂loss/∂h<sub>t</sub>, for the LSTM of ∂loss/∂c<sub>t</sub> as well, down for every step of the backward pass; here it is divided by that of the last step, on a logarithmic axis. What falls below ${small(FAINTEST)} leaves the chart. The task is recalling a word at lag ${flow.lag}.</p>`,
    card(
      "Before training",
      gradientChart("Gradient by distance before training", flow.atStart, flow.control),
      "<p>A straight line down is what theory predicts for the RNN: every step multiplies the gradient by a Jacobian that shrinks it (Bengio et al. 1994, Pascanu et al. 2013). The gradient of the LSTM's cell state is multiplied by the forget gate above all, and that of the GRU's state by the update gate, and here both gates start open.</p>",
      bullets([controlFact(flow)]),
    ),
    card(
      "After training",
      gradientChart("Gradient by distance after training", flow.trained),
      bullets(gradientFacts(flow)),
    ),
    card(
      "An LSTM reaches as far as its forget gate lets it",
      biasChart("Gradient of the cell state by the bias of the forget gate", flow.biases),
      "<p>Before training, the same LSTM with three biases. A gate whose bias is 0 starts half closed and loses about half of the gradient at every step. The bias of 1 is that of Gers et al. 2000 and Jozefowicz et al. 2015; biases drawn for all lags up to the task's (log u, u ~ U(1, lag), the input gate's the opposite) are those of Tallec & Ollivier 2018. The LSTMs and GRUs of the other charts on learning start so.</p>",
      bullets(biasFacts(flow)),
    ),
  ].join("");
}

function truncation({ truncation: rows, settings }: Results): string {
  const { half } = settings.truncation;
  return [
    "<h2>What truncation cannot see</h2>",
    `<p>Truncated back-propagation cuts a sequence into windows: the state crosses their borders, the gradient does not. Here an LSTM reads ${2 * half} words; the country is number ${half + 1}, the question the last, ${half - 1} steps behind it. Everything else is as above.</p>`,
    card(
      "Accuracy by window",
      truncationChart(rows, half - 1, recall.chance),
      bullets(truncationFacts(rows, half - 1, recall.chance)),
    ),
  ].join("");
}

function cost({ cost: rows, growth, settings: { cost: own, hidden } }: Results): string {
  const [time = "", ...memory] = costFacts(rows);
  return [
    "<h2>What truncation saves</h2>",
    `<p>An LSTM of ${hidden} units is trained on a sequence of ${own.steps} steps, ${own.batchSize} at a time. Time is the median of ${own.rounds} rounds in which the windows take turns. Memory is all that the device holds while training: parameters, optimizer, batch and what is kept for the backward pass.</p>`,
    card("Time by window", timeChart(rows), bullets([time])),
    card("Memory by window", memoryChart(rows), bullets(memory)),
    card(
      "Memory by length of the sequence",
      growthChart(growth, own.window),
      bullets(growthFacts(growth, own.window)),
    ),
  ].join("");
}

function card(title: string, ...parts: readonly string[]): string {
  return `<section class="card"><h3>${escapeHtml(title)}</h3>${parts.join("")}</section>`;
}

function bullets(facts: readonly string[]): string {
  return `<ul>${facts.map((fact) => `<li>${escapeHtml(fact)}</li>`).join("")}</ul>`;
}
