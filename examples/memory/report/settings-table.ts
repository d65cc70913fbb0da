import { escapeHtml } from "../../shared/html.ts";
import { duration } from "../../shared/progress.ts";
import type { Results } from "../results.ts";

/** Everything that a reader needs to repeat the run. */
export function settingsTable({ run, settings }: Results): string {
  const { learningRate, truncation, cost } = settings;
  const rows = [
    ["device", `${run.device} (${run.why})`],
    ["Node", process.version],
    ["seed", String(run.seed)],
    ["the whole run", duration(1000 * run.seconds)],
    [
      "networks",
      `one recurrent layer of ${settings.hidden} units, a linear layer on its last state`,
    ],
    [
      "start",
      "weights U(−1/√H, 1/√H), which are PyTorch's; gate biases for the lag, see above; the RNN's as its weights",
    ],
    [
      "training",
      `Adam, learning rate ${learningRate.recall} (recall) and ${learningRate.adding} (adding) falling to a tenth, gradient norm clipped at 1`,
    ],
    ["budget", `${settings.budget} batches of ${settings.batchSize} sequences, each seen once`],
    ["tested on", `${settings.tested} sequences`],
    ["lags", settings.lags.join(", ")],
    ["truncation", `${2 * truncation.half} steps, windows ${truncation.windows.join(", ")}`],
    ["cost", `${cost.steps} steps, batch ${cost.batchSize}, ${cost.rounds} rounds`],
    ["again", `npm run experiment:memory -- --seed ${run.seed}${run.isQuick ? " --quick" : ""}`],
  ].map(
    ([label = "", value = ""]) =>
      `<tr><th scope="row">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<h2>The run</h2><div class="card scroll"><table class="facts"><tbody>${rows.join("")}</tbody></table></div>`;
}
