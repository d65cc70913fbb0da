/** An engine in a frame of this page: what a page of its own is to the command line. */
import type { EngineName } from "../runner/engines.ts";
import type { Host } from "../runner/session.ts";

interface FromFrame {
  readonly ready?: true;
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export function startFrame(parent: HTMLElement, engine: EngineName): Promise<Host> {
  const frame = document.createElement("iframe");
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  return new Promise((resolve, reject) => {
    const host: Host = {
      ask: (command) => {
        const id = asked++;
        const answer = new Promise<unknown>((settle, fail) => {
          waiting.set(id, { resolve: settle, reject: fail });
        });
        frame.contentWindow?.postMessage({ id, command }, location.origin);
        // The answer's type is the command's: see `Answers`, which the frame keeps to.
        return answer as never;
      },
      kill: async () => {
        window.removeEventListener("message", receive);
        frame.remove();
        for (const { reject: fail } of waiting.values()) fail(new Error("it was ended."));
        waiting.clear();
      },
    };
    const receive = ({ source, data }: MessageEvent<FromFrame>) => {
      if (source !== frame.contentWindow) return;
      if (data.ready === true) return resolve(host);
      const asker = waiting.get(data.id ?? -1);
      waiting.delete(data.id ?? -1);
      if (data.error !== undefined) asker?.reject(new Error(data.error));
      else asker?.resolve(data.value);
    };
    window.addEventListener("message", receive);
    frame.addEventListener("error", () =>
      reject(new Error(`the frame of ${engine} did not load.`)),
    );
    frame.src = `./session.html?engine=${engine}`;
    parent.append(frame);
  });
}
