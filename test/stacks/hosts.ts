/** How each stack is started and asked: browsers by pages that vite serves, other hosts by a bundle. */
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, launch } from "puppeteer-core";
import { callInPage, launchBrowser, servePages } from "../support/chrome.ts";
import type { Form, StackReport } from "./everywhere.ts";
import { LAVAPIPE, stackPath } from "./install.ts";
import { openWebKit } from "./webkit.ts";

export interface Stack {
  readonly name: string;
  readonly forms: readonly Form[];
  /** What the devices must call themselves, so that nothing else is tested than was meant. */
  readonly devices: Readonly<Partial<Record<Form, RegExp>>>;
  run(form: Form): Promise<StackReport>;
}

const repository = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = "/test/support/blank.html";
const MODULE = "/test/stacks/everywhere.ts";

/** A software GPU on a busy machine takes its time. */
const LIMIT_MS = 1_800_000;

let bundled: Promise<string> | undefined;

/** One file that needs nothing but what the host has. */
function bundle(): Promise<string> {
  bundled ??= (async () => {
    const outfile = join(mkdtempSync(join(tmpdir(), "gradgpu-stacks-")), "stack.mjs");
    await build({
      absWorkingDir: repository,
      entryPoints: ["test/stacks/command-host.ts"],
      outfile,
      bundle: true,
      format: "esm",
      platform: "neutral",
      target: "es2022",
      external: ["node:*", "webgpu"],
      conditions: ["gradgpu-source"],
      define: { __GRADGPU_DEBUG__: "true" },
    });
    return outfile;
  })();
  return bundled;
}

/** The report is the last line that `command` prints. */
async function runCommand(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<StackReport> {
  const child = spawn(command, args, {
    cwd: repository,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
  });
  let [out, errors] = ["", ""];
  child.stdout.on("data", (text) => {
    out += text;
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const line = out.trim().split("\n").at(-1) ?? "";
  if (code !== 0 || !line.startsWith("{"))
    throw new Error(`${command} ended with ${code}: ${out.slice(-2000)} ${errors.slice(-4000)}`);
  return JSON.parse(line) as StackReport;
}

async function runInBrowser(
  open: () => Promise<Browser>,
  ...args: readonly unknown[]
): Promise<StackReport> {
  const server = await servePages();
  const browser = await open();
  try {
    const page = await browser.newPage();
    await page.goto(`${server.origin}${PAGE}`);
    return (await callInPage(page, MODULE, "run", ...args)) as StackReport;
  } finally {
    await browser.close();
    await server.close();
  }
}

async function runInWebKit(form: Form): Promise<StackReport> {
  const server = await servePages();
  const page = await openWebKit(`${server.origin}${PAGE}`, LIMIT_MS);
  try {
    return (await page.call(MODULE, "run", form)) as StackReport;
  } finally {
    await page.close();
    await server.close();
  }
}

function firefox(): Promise<Browser> {
  return launch({
    browser: "firefox",
    executablePath: stackPath("firefox"),
    headless: true,
    protocolTimeout: LIMIT_MS,
    extraPrefsFirefox: { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true },
    env: { ...process.env, VK_ICD_FILENAMES: LAVAPIPE },
  });
}

/**
 * Of the elements of weight_hh_l0 that are compared in the LSTM's tenth step one is off by 1.02·10⁻⁴ there, where the other
 * stacks keep 10⁻⁴: ten steps carry on what f32 rounds in each, and lavapipe rounds otherwise. docs/stacks.md.
 */
const lavapipeLimit = (form: Form) => (form === "cpu" ? [] : ["2e-4"]);

const lavapipe = { VK_ICD_FILENAMES: LAVAPIPE, XDG_RUNTIME_DIR: tmpdir() };
const threads = /^WebAssembly (relaxed )?SIMD, 2 threads$/;

export const stacks: readonly Stack[] = [
  {
    name: "Node, Dawn on SwiftShader",
    forms: ["cpu", "webgpu"],
    devices: { cpu: threads, webgpu: /swiftshader/i },
    run: async (form) => runCommand(process.execPath, [await bundle(), form], {}),
  },
  {
    name: "Chrome, SwiftShader",
    forms: ["cpu", "webgpu"],
    devices: { cpu: threads, webgpu: /swiftshader/i },
    run: (form) => runInBrowser(() => launchBrowser(), form),
  },
  {
    name: "Firefox ESR, wgpu on lavapipe",
    forms: ["cpu", "webgpu"],
    // Firefox does not name its adapters; that it is one of software it says.
    devices: { cpu: threads, webgpu: /software/ },
    run: (form) => runInBrowser(firefox, form, ...lavapipeLimit(form).map(Number)),
  },
  {
    name: "Deno, wgpu on lavapipe",
    forms: ["cpu", "webgpu", "webgpu, a GPU's kernels"],
    devices: { cpu: threads, webgpu: /llvmpipe/, "webgpu, a GPU's kernels": /llvmpipe/ },
    run: async (form) =>
      runCommand(
        stackPath("deno"),
        ["run", "-A", "--unstable-webgpu", await bundle(), form, ...lavapipeLimit(form)],
        lavapipe,
      ),
  },
  {
    name: "Bun",
    forms: ["cpu"],
    devices: { cpu: threads },
    run: async (form) => runCommand(stackPath("bun"), [await bundle(), form], {}),
  },
  {
    name: "WebKitGTK",
    forms: ["cpu"],
    devices: { cpu: /^WebAssembly SIMD, 1 thread, memory not shared$/ },
    run: runInWebKit,
  },
];
