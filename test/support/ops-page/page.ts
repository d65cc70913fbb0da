/** docs/ops.md: every op and every verb, with what there is for it on each device and what it is tested with. */
import { knownFallbacks, testedElsewhere } from "./known.ts";
import { fallbacks, type OpRow, opNames, opRow } from "./ops.ts";
import { readSources, type Sources } from "./sources.ts";
import { type VerbRow, verbRow } from "./verbs.ts";

export interface Coverage {
  readonly ops: readonly OpRow[];
  readonly verbs: readonly VerbRow[];
  readonly page: string;
  /** Public names without a docstring. */
  readonly silent: readonly string[];
}

export function readCoverage(): Coverage {
  const sources = readSources();
  const ops = opNames.map(opRow);
  const verbs = sources.verbs
    .map(verbRow)
    .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  return { ops, verbs, page: pageOf(ops, verbs, sources), silent: sources.silent };
}

function pageOf(ops: readonly OpRow[], verbs: readonly VerbRow[], { says }: Sources): string {
  const primitives = verbs.filter(({ isPrimitive }) => isPrimitive);
  const composed = verbs.filter(({ isPrimitive, parts }) => !isPrimitive && parts.length > 0);
  const others = verbs.filter(({ parts }) => parts.length === 0);
  const total = [...ops, ...verbs.filter(({ isPrimitive }) => !isPrimitive)];
  return `# Ops and verbs

Made by \`npm run coverage:ops\` from the sources, the devices' tables and the cases; a test compares. ${ops.length} ops, and ${verbs.length} verbs of which ${primitives.length} are an op by another name and ${composed.length} are made of several. What is made of ops has their kernels on every device, is fused, and is differentiated as they are. ${total.reduce((sum, { cases }) => sum + cases, 0)} cases run on every device.

## Ops
\`src/ops/vocabulary.ts\` has their attributes. **kernel**: a kernel of its own; **group**: runs in kernels that are made for what is fused with it; **walk**: one kernel for all steps, or the loop that it means, for cells that a device has no walk for; **loop**: its steps one after the other; **composite**: made of other ops. **rule**: its gradient has a rule of its own; **–**: it has none, or it is zero.

${table(
  ["op", "what it is", "reference", "cpu", "webgpu", "gradient", "cases"],
  ops.map((row) => [
    `\`${row.op}\`: ${row.signature}`,
    says.get(row.op) ?? "",
    row.reference,
    row.cpu,
    row.webgpu,
    row.gradient,
    `${row.cases}`,
  ]),
)}

### Where a device falls back
On a GPU an op runs on the reference kernels, on the host, where a tensor is larger than a kernel can reach, the size of a binding (128 MiB, or what the GPU allows beyond). \`explain\` shows it. Elementwise work, and every op that is not listed, is done in parts. This list may only become shorter. On the cpu device tensors of 2 GiB and more are refused.

${table(["device", "why", "ops"], fallbackRows())}

## Verbs that are an op
${table(
  ["verb", "what it is", "op", "gradient against", "cases"],
  primitives.map((row) => [...head(row), row.parts.join(), row.gradient, `${row.cases}`]),
)}

## Verbs that are made of several
With the ops of all their options. A gradient is compared with PyTorch's, or with differences in float64.

${table(
  ["verb", "what it is", "made of", "gradient against", "cases"],
  composed.map((row) => [...head(row), row.parts.join(", "), row.gradient, casesOf(row)]),
)}

## The others
They open devices, compile, make keys, or tell.

${table(
  ["function", "what it is", "tested in"],
  others.map((row) => [...head(row), casesOf(row)]),
)}
`;
}

function head({ call, says }: VerbRow): [string, string] {
  return [`\`${call}\``, says];
}

/** How many, or where they are no cases. */
function casesOf({ name, cases }: VerbRow): string {
  const file = testedElsewhere[name];
  return file === undefined ? `${cases}` : `[${file.split("/").at(-1)}](../test/${file})`;
}

function fallbackRows(): string[][] {
  const rows = new Map<string, string[]>();
  for (const { device, op, why } of fallbacks()) {
    const key = `${device}|${knownFallbacks[device]?.[op] ?? why}`;
    rows.set(key, [...(rows.get(key) ?? []), op]);
  }
  return [...rows].map(([key, ops]) => [...key.split("|"), ops.join(", ")]);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}
