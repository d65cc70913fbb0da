#!/usr/bin/env node
// Imports go one way: a file of src/ imports only from the layers that its own layer names, type imports included.
// Part of `npm run lint`; Biome finds the cycles. docs/architecture.md explains the layers.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const base = ["errors", "arguments", "dispose", "host.ts", "present.ts", "records.ts"];
const core = [...base, "tensor", "ops", "graph", "autodiff", "scheduler"];
const below = (layer) => core.slice(0, core.indexOf(layer));
const contract = ["devices/device.ts", "devices/opener.ts"];
const device = [...core, "debug", ...contract, "devices/shared"];
const verbs = [...base, "functions.ts", "internals.ts"];

/** Layer → the layers it may import from, besides itself. A layer is a file or folder of src/. */
const layers = {
  errors: [],
  arguments: ["errors"],
  dispose: [],
  "host.ts": ["errors"],
  "present.ts": ["errors"],
  "records.ts": [],
  "decompress.ts": ["host.ts"],
  tensor: base,
  ops: below("ops"),
  graph: below("graph"),
  autodiff: below("autodiff"),
  scheduler: ["debug", ...below("scheduler")],
  debug: [],
  "devices/device.ts": core,
  "devices/opener.ts": [...base, "devices/device.ts"],
  "devices/shared": [...core, "debug", "devices/device.ts"],
  "devices/reference": device,
  "devices/cpu": ["decompress.ts", ...device, "devices/reference"],
  "devices/webgpu": [...device, "devices/reference"],
  runtime: [...core, "devices"],
  functions: [...core, "devices/opener.ts", "runtime"],
  "internals.ts": [...core, "functions", "runtime"],
  nn: verbs,
  optim: verbs,
  losses: verbs,
  metrics: verbs,
  data: ["decompress.ts", ...verbs],
  io: ["decompress.ts", ...verbs, "nn", "data"],
  train: ["decompress.ts", ...verbs, "nn", "optim", "losses", "metrics", "data", "io"],
  // It opens devices, and evaluates graphs without one.
  testing: [...verbs, ...core, "devices", "runtime"],
  worker: [...base, "functions", "nn", "train"],
  "static.ts": ["devices", "runtime", "train"],
  "global.ts": ["index.ts", "io"],
  "index.ts": [...verbs, "nn", "optim", "losses", "metrics", "data", "io", "train"],
};

const within = (file, layer) =>
  file === `${layer}.ts` || file === layer || file.startsWith(`${layer}/`);

function layerOf(file) {
  return Object.keys(layers).find((layer) => within(file, layer));
}

function importsOf(file) {
  const source = readFileSync(join("src", file), "utf8");
  const found = source.matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g);
  return [...found].map(([, path]) => normalize(join(dirname(file), path)));
}

const files = readdirSync("src", { recursive: true })
  .map((path) => path.replaceAll("\\", "/"))
  .filter(
    (path) =>
      path.endsWith(".ts") &&
      !path.includes("/generated/") &&
      !path.startsWith("devices/cpu/wasm/"),
  );

const faults = files.flatMap((file) => {
  const layer = layerOf(file);
  if (layer === undefined)
    return [`src/${file}: belongs to no layer. Add its folder to scripts/check-layers.mjs.`];
  return importsOf(file)
    .filter(
      (target) =>
        !within(target, layer) && !layers[layer].some((allowed) => within(target, allowed)),
    )
    .map(
      (target) =>
        `src/${file}: ${layer} may not import src/${target}; it may import ${layers[layer].join(", ") || "nothing"}.`,
    );
});

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
