/** One network's card: a button, figures and a curve. What it shows is in its data attributes, too. */
import { lineChart, type Point } from "../examples/quickstart/report/charts.ts";
import type { Network, NetworkKind } from "./networks.ts";

/** Steps between two measurements on what was held out. */
const MEASURE_EVERY = 100;
/** The curve is drawn at most so often. */
const DRAW_MS = 250;
/** The first and the last loss are means over so many steps, the time per step a mean over the last of them. */
const NEIGHBOURS = 5;
const TIMED_STEPS = 20;

/**
 * Adds a card for a network to `parent`. For programs, the card has
 * data-network; data-state: loading, ready, training, stopped, failed; data-step; data-first-loss and data-loss as
 * shown, means of a few steps; data-score; data-ms-per-step.
 */
export async function addCard(parent: HTMLElement, kind: NetworkKind): Promise<void> {
  const card = new Card(parent, kind);
  try {
    card.offer(await kind.load());
  } catch (error) {
    card.fail(error);
  }
}

class Card {
  readonly #kind: NetworkKind;
  readonly #root: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #losses: Point[] = [];
  readonly #scores: Point[] = [];
  #times: number[] = [];
  #drawnMs = 0;
  #stop: AbortController | undefined;

  constructor(parent: HTMLElement, kind: NetworkKind) {
    const template = document.querySelector<HTMLTemplateElement>("template#network");
    const root = template?.content.firstElementChild?.cloneNode(true);
    if (!(root instanceof HTMLElement)) throw new Error("The page has no template for a card.");
    this.#kind = kind;
    this.#root = root;
    root.dataset.network = kind.name;
    find(root, "h2").textContent = kind.title;
    find(root, ".lead").textContent = kind.about;
    this.#show("loss-name", kind.lossName);
    this.#show("score-name", kind.scoreName);
    this.#button = find<HTMLButtonElement>(root, "button");
    parent.append(root);
  }

  /** Lets the user train `network`. */
  offer(network: Network): void {
    this.#state("ready");
    this.#button.disabled = false;
    this.#button.addEventListener("click", () => {
      if (this.#stop !== undefined) this.#stop.abort();
      else void this.#train(network).catch((error: unknown) => this.fail(error));
    });
  }

  fail(error: unknown): void {
    const message = find(this.#root, ".message");
    message.textContent = error instanceof Error ? error.message : String(error);
    message.hidden = false;
    this.#button.disabled = true;
    this.#state("failed");
  }

  async #train(network: Network): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    this.#times = [];
    this.#button.textContent = "Stop";
    this.#state("training");
    try {
      for await (const { step, loss } of network.train(stop.signal)) {
        this.#record(step, this.#kind.shownLoss(loss));
        if (step % MEASURE_EVERY === 0) await this.#measure(network, step);
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    this.#button.disabled = true;
    await this.#measure(network, this.#losses.at(-1)?.step ?? 0);
    this.#stop = undefined;
    this.#button.disabled = false;
    this.#button.textContent = "Go on";
    this.#state("stopped");
  }

  #record(step: number, loss: number): void {
    this.#losses.push({ step, value: loss });
    this.#times.push(performance.now());
    if (this.#times.length > TIMED_STEPS + 1) this.#times.shift();
    if (performance.now() - this.#drawnMs > DRAW_MS) this.#draw();
  }

  async #measure(network: Network, step: number): Promise<void> {
    const value = await network.measure();
    this.#scores.push({ step, value });
    this.#root.dataset.score = String(value);
    this.#show("score", this.#kind.shownScore(value));
    // Measuring is no step's time.
    this.#times = [];
    this.#draw();
  }

  #draw(): void {
    const { dataset } = this.#root;
    this.#drawnMs = performance.now();
    const step = this.#losses.at(-1)?.step ?? 0;
    const last = meanOf(this.#losses.slice(-NEIGHBOURS));
    dataset.step = String(step);
    dataset.firstLoss = String(meanOf(this.#losses.slice(0, NEIGHBOURS)));
    dataset.loss = String(last);
    this.#show("step", String(step));
    this.#show("loss", last.toFixed(3));
    const [first = 0] = this.#times;
    const ms = ((this.#times.at(-1) ?? 0) - first) / (this.#times.length - 1);
    if (this.#times.length > 1) {
      dataset.msPerStep = String(ms);
      this.#show("time", `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`);
    }
    const { title, lossName } = this.#kind;
    const checks = { label: "held out", points: this.#kind.name === "text" ? this.#scores : [] };
    find(this.#root, ".curve").innerHTML = lineChart({
      title: `Loss of ${title.toLowerCase()}`,
      unit: lossName,
      points: this.#losses,
      ...(checks.points.length > 0 && { checks }),
    });
  }

  #show(figure: string, value: string): void {
    find(this.#root, `[data-figure=${figure}]`).textContent = value;
  }

  #state(state: "ready" | "training" | "stopped" | "failed"): void {
    this.#root.dataset.state = state;
  }
}

function meanOf(points: readonly Point[]): number {
  return points.reduce((sum, { value }) => sum + value, 0) / points.length;
}

function find<E extends HTMLElement = HTMLElement>(root: ParentNode, selector: string): E {
  const found = root.querySelector<E>(selector);
  if (found === null) throw new Error(`The page has no ${selector}.`);
  return found;
}
