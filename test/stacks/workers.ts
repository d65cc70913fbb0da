/** Workers that a host starts, so that a test can end them: Web Workers, and threads of Node, Deno and Bun. */
export interface Started {
  terminate(): unknown;
}

type Class = new (...args: never[]) => Started;

/** Lists the workers that are started until its `end`. */
export function watchWorkers(): { readonly started: readonly Started[]; end(): void } {
  const started: Started[] = [];
  const { process } = globalThis as { process?: NodeJS.Process };
  const hosts = [globalThis, process?.getBuiltinModule?.("node:worker_threads")] as (
    | { Worker?: Class }
    | undefined
  )[];
  const ends = hosts.map((host) => {
    const own = host?.Worker;
    if (host === undefined || own === undefined) return () => {};
    host.Worker = class extends own {
      constructor(...args: never[]) {
        super(...args);
        started.push(this);
      }
    };
    return () => {
      host.Worker = own;
    };
  });
  return {
    started,
    end() {
      for (const end of ends) end();
    },
  };
}
