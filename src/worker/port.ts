/** Workers and their insides on pages, Deno, Bun and Node, as one kind of thing. */

/** One end of a worker's messages. */
export interface Port {
  post(message: unknown, transfer: readonly Transferable[]): void;
  listen(heard: (data: unknown) => void): void;
}

/** A worker seen from outside. */
export interface WorkerPort extends Port {
  /** Called when it fails or ends by itself. */
  onEnd(ended: (reason: string) => void): void;
  terminate(): void;
}

/** A Worker of a page, or of node:worker_threads, by the parts of it that are used. */
export interface AnyWorker {
  /** As of a Worker. */
  postMessage(message: unknown, transfer: never): void;
  /** As of a Worker. */
  terminate(): unknown;
}

interface WebWorker extends AnyWorker {
  addEventListener(
    type: string,
    heard: (event: { data?: unknown; message?: string }) => void,
  ): void;
}

interface NodeWorker extends AnyWorker {
  on(type: string, heard: (value: unknown) => void): void;
  unref(): void;
}

const isOfNode = (worker: object): worker is NodeWorker => "on" in worker && "unref" in worker;

/** `node:worker_threads` without an import, which bundlers for the web would stumble over. */
function threads(): typeof import("node:worker_threads") | undefined {
  const { process } = globalThis as { process?: NodeJS.Process };
  return process?.getBuiltinModule?.("node:worker_threads");
}

/** Starts the module at `url`. */
export function startWorker(url: URL | string): AnyWorker | undefined {
  if (typeof Worker === "function") return new Worker(url, { type: "module", name: "training" });
  const Thread = threads()?.Worker;
  return Thread && new Thread(url);
}

export function portOf(worker: AnyWorker): WorkerPort {
  const post: Port["post"] = (message, transfer) =>
    // Each host has a type of its own for the same list.
    worker.postMessage(message, [...transfer] as never);
  const terminate = () => void worker.terminate();
  if (isOfNode(worker)) {
    return {
      post,
      terminate,
      listen: (heard) => worker.on("message", heard),
      onEnd: (ended) => {
        worker.on("error", (error) => ended(String(error)));
        worker.on("exit", (code) => ended(`it ended with code ${code}`));
      },
    };
  }
  const web = worker as WebWorker;
  return {
    post,
    terminate,
    listen: (heard) => web.addEventListener("message", ({ data }) => heard(data)),
    onEnd: (ended) => {
      web.addEventListener("error", ({ message }) =>
        ended(message || "its script could not be loaded"),
      );
      web.addEventListener("messageerror", () => ended("a message of it could not be read"));
    },
  };
}

/** This worker's own end, or undefined where this is no worker. */
export function ownPort(): Port | undefined {
  const scope = globalThis as unknown as {
    WorkerGlobalScope?: abstract new () => object;
    postMessage(message: unknown, transfer: readonly Transferable[]): void;
    addEventListener(type: string, heard: (event: { data: unknown }) => void): void;
  };
  if (scope.WorkerGlobalScope !== undefined && globalThis instanceof scope.WorkerGlobalScope) {
    return {
      post: (message, transfer) => scope.postMessage(message, transfer),
      listen: (heard) => scope.addEventListener("message", ({ data }) => heard(data)),
    };
  }
  const port = threads()?.parentPort;
  if (port === null || port === undefined) return undefined;
  return {
    post: (message, transfer) => port.postMessage(message, [...transfer] as never),
    listen: (heard) => port.on("message", heard),
  };
}
