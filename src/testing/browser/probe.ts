/**
 * Which adapter a browser's pages get, where somebody else starts the browser: it is started once with the same flags, for
 * a page that asks and sends the answer. No package is needed for that.
 */
import type { AdapterNames } from "../../devices/webgpu/adapter-info.ts";
import { DeviceUnavailableError } from "../../errors.ts";
import { childProcess, fs, http, os, path } from "../builtins.ts";
import { START_MS } from "./launch.ts";
import { ADAPTER_OF_PAGE } from "./page.ts";

const PAGE = `<!doctype html><title>adapter</title><link rel="icon" href="data:,"><script type="module">
  const found = await ${ADAPTER_OF_PAGE};
  await fetch("/", { method: "POST", body: JSON.stringify(found ?? null) });
</script>`;

/** What pages get; without `adapter` where they get none. */
interface Answer {
  readonly adapter?: AdapterNames;
}

/**
 * What pages of the browser at `executablePath` get.
 * @throws DeviceUnavailableError where the browser ends, or its page says nothing
 */
export async function probeAdapter(
  caller: string,
  executablePath: string,
  args: readonly string[],
): Promise<AdapterNames | undefined> {
  const question = await servePage();
  const profile = fs().mkdtempSync(path().join(os().tmpdir(), "gradgpu-probe-"));
  const flags = ["--headless", `--user-data-dir=${profile}`, ...args, question.address];
  // A group of its own, to be ended with all its processes: they would go on writing to the profile.
  const detached = process.platform !== "win32";
  const browser = childProcess().spawn(executablePath, flags, { stdio: "ignore", detached });
  const ended = new Promise<string>((resolve) => {
    browser.once("exit", (code, signal) => resolve(`an end by ${signal ?? `code ${code}`}`));
    browser.once("error", ({ message }) => resolve(message));
  });
  const kill = () => {
    if (detached && browser.pid !== undefined) process.kill(-browser.pid, "SIGKILL");
    else browser.kill("SIGKILL");
  };
  process.once("exit", kill);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("no answer"), START_MS);
  });
  try {
    const found = await Promise.race([question.answer, ended, silence]);
    if (typeof found !== "string") return found.adapter;
    throw new DeviceUnavailableError(
      `${caller}: the browser must start and open a page; got ${found} from ${executablePath}. Start it by hand to see why, or name another by executablePath or PUPPETEER_EXECUTABLE_PATH.`,
    );
  } finally {
    clearTimeout(timer);
    process.off("exit", kill);
    // It may have ended by itself.
    if (browser.exitCode === null && browser.signalCode === null) kill();
    await ended;
    question.close();
    // The last of its processes may still hold a file; the folder is the system's to clear up.
    const gone = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 };
    await fs()
      .promises.rm(profile, gone)
      .catch(() => undefined);
  }
}

interface Question {
  readonly address: string;
  readonly answer: Promise<Answer>;
  close(): void;
}

/** A page of this machine, where there is WebGPU, and what it sends back. */
async function servePage(): Promise<Question> {
  const server = http().createServer();
  const answer = new Promise<Answer>((resolve) => {
    server.on("request", async (request, response) => {
      if (request.method !== "POST") {
        response.setHeader("Content-Type", "text/html").end(PAGE);
        return;
      }
      const adapter = JSON.parse((await request.toArray()).join("")) as AdapterNames | null;
      response.end();
      resolve(adapter === null ? {} : { adapter });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new DeviceUnavailableError(
      "launchOptions: this machine must give a port to listen at; got none. Allow 127.0.0.1.",
    );
  return {
    address: `http://127.0.0.1:${address.port}/`,
    answer,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
