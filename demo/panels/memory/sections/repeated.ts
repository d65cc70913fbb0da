/** Asks again and again, a frame apart, until `show` says that there is no more, or the training was opened anew. */
export function repeated<T>(
  ask: () => Promise<T>,
  show: (answer: T) => boolean,
  ended: () => void = () => undefined,
): { start(): void; stop(): void; readonly isRunning: boolean } {
  let isRunning = false;
  async function run(): Promise<void> {
    try {
      while (isRunning && show(await ask())) await new Promise(requestAnimationFrame);
    } catch {
      // What was asked has ended with its training; what is shown stays.
    }
    isRunning = false;
    ended();
  }
  return {
    start() {
      if (isRunning) return;
      isRunning = true;
      void run();
    },
    stop() {
      isRunning = false;
    },
    get isRunning() {
      return isRunning;
    },
  };
}
