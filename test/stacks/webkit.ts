/** WebKitGTK's MiniBrowser by its WebDriver, on a display that nobody sees: puppeteer does not speak to it. */
import { type ChildProcess, spawn } from "node:child_process";
import { stackPath } from "./install.ts";

export interface WebKitPage {
  /** Calls an exported function of a module in the page: its result, as JSON. */
  call(modulePath: string, exportName: string, ...args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

const START_MS = 60_000;

export async function openWebKit(url: string, limitMs: number): Promise<WebKitPage> {
  const children: ChildProcess[] = [];
  const end = () => {
    for (const child of children.toReversed()) child.kill();
  };
  try {
    const display = await startDisplay(children);
    const port = 20_000 + (process.pid % 20_000);
    const env = { ...process.env, DISPLAY: display, LIBGL_ALWAYS_SOFTWARE: "1" };
    children.push(
      spawn(stackPath("webkit"), [`--port=${port}`], {
        env,
        stdio: ["ignore", "ignore", "ignore"],
      }),
    );
    const driver = `http://127.0.0.1:${port}`;
    await answered(driver);
    const options = { binary: stackPath("miniBrowser"), args: ["--automation"] };
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
    const { sessionId } = (await ask("POST", `${driver}/session`, { capabilities })) as {
      sessionId: string;
    };
    const session = `${driver}/session/${sessionId}`;
    await ask("POST", `${session}/url`, { url });
    return {
      async call(modulePath, exportName, ...args) {
        const run = (script: string) =>
          ask("POST", `${session}/execute/sync`, { script, args: [] });
        await run(`
          window.outcome = undefined;
          import(${JSON.stringify(modulePath)})
            .then((module) => module[${JSON.stringify(exportName)}](...${JSON.stringify(args)}))
            .then((result) => ({ result }), (error) => ({ error: String(error.stack ?? error) }))
            .then((outcome) => { window.outcome = outcome; });`);
        // Asked again and again: a request that waits for minutes is given up by Node.
        for (const start = Date.now(); Date.now() - start < limitMs; ) {
          const outcome = (await run("return window.outcome ?? null;")) as {
            readonly result?: unknown;
            readonly error?: string;
          } | null;
          if (outcome?.error !== undefined) throw new Error(outcome.error);
          if (outcome !== null) return outcome.result;
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        throw new Error(`${exportName} has not ended within ${limitMs / 1000} s`);
      },
      async close() {
        await ask("DELETE", session);
        end();
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}

/** Xvfb takes a display that is free, and writes its number to the file that it is given. */
async function startDisplay(children: ChildProcess[]): Promise<string> {
  const server = spawn(stackPath("xvfb"), ["-displayfd", "3", "-screen", "0", "800x600x24"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  children.push(server);
  const number = await new Promise<string>((resolve, reject) => {
    server.stdio[3]?.once("data", (text) => resolve(String(text).trim()));
    server.once("exit", (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
  return `:${number}`;
}

async function answered(driver: string): Promise<void> {
  for (const start = Date.now(); ; ) {
    try {
      await ask("GET", `${driver}/status`);
      return;
    } catch (error) {
      if (Date.now() - start > START_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function ask(method: string, url: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { value } = (await answer.json()) as { value: { error?: string; message?: string } };
  if (value?.error !== undefined) throw new Error(`WebKitWebDriver: ${JSON.stringify(value)}`);
  return value;
}
