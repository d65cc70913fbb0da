import { DeviceUnavailableError } from "../../errors.ts";
import type { WorkerUrl } from "../opener.ts";
import type { FromWorker } from "./messages.ts";
import { trusted } from "./trusted.ts";
import type { WorkerEvents, WorkerHandle } from "./worker-handle.ts";

const NAME = "gradgpu-cpu";

/** A Web Worker, from a Blob's address where no other is given. @throws DeviceUnavailableError */
export function spawnWeb(
  source: string,
  events: WorkerEvents,
  served: WorkerUrl | undefined,
): WorkerHandle {
  const url = served ?? URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const revoke = () => {
    if (served === undefined) URL.revokeObjectURL(String(url));
  };
  const worker = construct(trusted(url), revoke);
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    // The first message says that the script has been loaded.
    revoke();
    events.message(data);
  };
  worker.onerror = (event) => {
    revoke();
    events.failed(event.message || "the worker's script could not be loaded");
  };
  worker.onmessageerror = () => events.failed("a worker's answer could not be read");
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => worker.terminate(),
    hold: () => {},
    letGo: () => {},
  };
}

function construct(url: string, revoke: () => void): Worker {
  try {
    return classicWorker(url);
  } catch (error) {
    revoke();
    // The only TypeError of the constructor: the page requires Trusted Types. All else is the address's fault.
    if (!(error instanceof TypeError)) throw error;
    throw new DeviceUnavailableError(
      `init: the page's Trusted Types must let the cpu device start its worker; got ${error.message} ` +
        "Add gradgpu to the trusted-types of its Content-Security-Policy (trusted-types gradgpu), or hand in workerUrl as a TrustedScriptURL.",
    );
  }
}

/** A page of an opaque origin (a sandboxed frame) may start classic workers only; Deno has none but modules. */
function classicWorker(url: string): Worker {
  try {
    return new Worker(url, { name: NAME });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "NotSupportedError")) throw error;
    return new Worker(url, { name: NAME, type: "module" });
  }
}
