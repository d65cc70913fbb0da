/**
 * A page that trains by itself as it is loaded, from wherever it was, as docs/web-app.md has it. Other tests' pages are
 * called from outside; this one may be put away and brought back at any time. Its address says device and folder.
 */
import { init } from "../../src/index.ts";
import { opfs } from "../../src/io/index.ts";
import { telling } from "../support/killed/said.ts";
import { STEPS, trainOn } from "../support/killed/training.ts";

const asked = new URLSearchParams(location.search);
const device = asked.get("device") === "webgpu" ? "webgpu" : "cpu";
const folder = asked.get("folder") ?? "put-away";
const files = opfs(folder);

// Chrome tells a debugger of a page that comes back all that it has ever said.
const life = crypto.randomUUID();
let count = 0;
const say = (line: string) => console.log(`${life} ${count++} ${line}`);
addEventListener("pageshow", ({ persisted }) => say(`shown ${persisted}`));
document.addEventListener("freeze", () => say("frozen"));
document.addEventListener("resume", () => say("resumed"));

const { runtime } = await init({ device, threads: 2, seed: 7 });
const { to, told } = telling(files, say);
await trainOn(to, told, { pauseMs: 25 });
await runtime.close();
const name = `step-${String(STEPS).padStart(9, "0")}.safetensors`;
const hash = await crypto.subtle.digest("SHA-256", await files.place(name).read());
say(`done ${new Uint8Array(hash).join(".")}`);
