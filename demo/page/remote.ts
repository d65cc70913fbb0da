/** The worker as the page sees it: commands, what it tells, and pictures of what is on screen. */
import type { PanelName } from "../panels.ts";
import type {
  AnyPictures,
  Begin,
  Command,
  DeviceChoice,
  Event,
  Failure,
  FileFormat,
  Pace,
  Pictures,
} from "../protocol.ts";
import type { AnyValues, Value } from "../settings.ts";

type Listener = (event: Event) => void;

/** A picture that is shown on an element, whenever it is on screen and there is something new to see. */
export interface Watch<R> {
  /** Asks for something else from now on. */
  ask(request: R): void;
  stop(): void;
}

interface Shown {
  readonly element: Element;
  readonly picture: string;
  request: unknown;
  isOnScreen: boolean;
  draw(answer: unknown, step: number): void;
}

interface Answer {
  resolve(answer: unknown): void;
  reject(error: RemoteError): void;
}

export interface OpenOptions {
  readonly panel: PanelName;
  readonly settings: AnyValues;
  readonly device: DeviceChoice;
  readonly pace: Pace;
  readonly begin: Begin;
}

/** What the worker could not do, in its words. */
export class RemoteError extends Error {
  override readonly name: string;
  constructor({ name, message }: Failure) {
    super(message);
    this.name = name;
  }
}

export class Remote<P extends Pictures<P> = AnyPictures> {
  readonly #worker: Worker;
  readonly #listeners = new Set<Listener>();
  readonly #shown = new Map<number, Shown>();
  readonly #answers = new Map<number, Answer>();
  readonly #observer: IntersectionObserver;
  #opening = 0;
  #ids = 0;

  constructor() {
    this.#worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Event>) => this.#take(data);
    this.#worker.onerror = ({ message }) =>
      this.#tell({
        kind: "failed",
        opening: this.#opening,
        failure: { name: "Error", message: message || "The worker could not be loaded." },
      });
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries)
        for (const [id, shown] of this.#shown)
          if (shown.element === target && shown.isOnScreen !== isIntersecting) {
            shown.isOnScreen = isIntersecting;
            this.#send(isIntersecting ? watching(id, shown) : { kind: "unwatch", id });
          }
    });
  }

  /** Opens a training; one that was open ends. What is shown goes on with the new one. */
  open(options: OpenOptions): void {
    this.#opening++;
    for (const answer of this.#answers.values())
      answer.reject(
        new RemoteError({ name: "AbortError", message: "Another training was opened." }),
      );
    this.#answers.clear();
    this.#send({ kind: "open", opening: this.#opening, base: document.baseURI, ...options });
    for (const [id, shown] of this.#shown) if (shown.isOnScreen) this.#send(watching(id, shown));
  }

  tell(
    command: Extract<Command, { kind: "play" | "pause" | "step" | "lose" | "keep" }>["kind"],
  ): void {
    this.#send({ kind: command });
  }

  setPace(pace: Pace): void {
    this.#send({ kind: "pace", pace });
  }

  set(name: string, value: Value): void {
    this.#send({ kind: "set", name, value });
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Shows a picture on `element`: `draw` is called in an animation frame, and the next one is made behind it. */
  watch<K extends keyof P & string>(
    element: Element,
    picture: K,
    request: P[K]["request"],
    draw: (answer: P[K]["answer"], step: number) => void,
  ): Watch<P[K]["request"]> {
    const id = this.#ids++;
    // What comes back is what the panel's types say of this picture.
    const shown: Shown = {
      element,
      picture,
      request,
      // The observer tells nothing of an element that it watches already.
      isOnScreen: [...this.#shown.values()].some(
        (other) => other.element === element && other.isOnScreen,
      ),
      draw: draw as Shown["draw"],
    };
    this.#shown.set(id, shown);
    this.#observer.observe(element);
    if (shown.isOnScreen) this.#send(watching(id, shown));
    return {
      ask: (next) => {
        shown.request = next;
        if (shown.isOnScreen) this.#send(watching(id, shown));
      },
      stop: () => {
        this.#shown.delete(id);
        if (![...this.#shown.values()].some((other) => other.element === element))
          this.#observer.unobserve(element);
        this.#send({ kind: "unwatch", id });
      },
    };
  }

  /** One picture, once. @throws RemoteError */
  ask<K extends keyof P & string>(picture: K, request: P[K]["request"]): Promise<P[K]["answer"]> {
    return this.#question((id) => ({ kind: "ask", id, picture, request }));
  }

  /** A network as a file. @throws RemoteError where it cannot be written so */
  async exported(network: string, format: FileFormat): Promise<Uint8Array<ArrayBuffer>> {
    // See worker/files.ts.
    return (await this.#question((id) => ({
      kind: "export",
      id,
      network,
      format,
    }))) as Uint8Array<ArrayBuffer>;
  }

  /** Puts a file's weights into a network. @throws RemoteError where they do not fit */
  async imported(network: string, bytes: Uint8Array): Promise<void> {
    await this.#question((id) => ({ kind: "import", id, network, bytes }));
  }

  /**
   * In a pause, when all pictures that were asked for by now are drawn. What is drawn may ask for more. @throws RemoteError
   * where another training is opened
   */
  async rest(): Promise<void> {
    await this.#question((id) => ({ kind: "rest", id }));
    // Answers are drawn in the next frame, and canvases in the one behind it.
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  }

  close(): void {
    this.#observer.disconnect();
    this.#worker.terminate();
  }

  #question(command: (id: number) => Command): Promise<unknown> {
    const id = this.#ids++;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      this.#send(command(id));
    });
  }

  #send(command: Command): void {
    this.#worker.postMessage(command);
  }

  #take(event: Event): void {
    if (event.opening !== this.#opening) return;
    if (event.kind === "picture") this.#draw(event);
    else if (event.kind === "answer") this.#answered(event.id)?.resolve(event.answer);
    else if (event.kind === "refused")
      this.#answered(event.id)?.reject(new RemoteError(event.failure));
    else this.#tell(event);
  }

  #draw({ id, answer, step }: Extract<Event, { kind: "picture" }>): void {
    requestAnimationFrame(() => {
      this.#shown.get(id)?.draw(answer, step);
      this.#send({ kind: "drawn", id });
    });
  }

  #answered(id: number): Answer | undefined {
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    return answer;
  }

  #tell(event: Event): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function watching(id: number, { picture, request }: Shown): Command {
  return { kind: "watch", id, picture, request };
}
