/** `npm run explain -- ./file.ts`: the plan of a user's own step, and what is said of files that have none. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNode } from "./run-node.ts";

let folder: string;
beforeAll(async () => {
  // Outside of the repository, where no package.json says what "gradgpu" is or that files are modules.
  folder = await mkdtemp(join(tmpdir(), "gradgpu-explain-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the README's own step is planned for a GPU that is not there, and for the cpu as JSON", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const step = /```ts\n([^`]*?export default[^`]*?)```/.exec(readme)?.[1];
  if (step === undefined) throw new Error("README.md has no step with a default export.");
  await writeFile(join(folder, "step.ts"), step);
  const text = await startNode("scripts/explain.ts", ["./step.ts"], folder).ended;
  expect(`${text.code} ${text.stderr}`).toBe("0 ");
  expect(text.stdout).toMatch(/^Plan for webgpu: \d+ dispatches, 1 submit\./);
  expect(text.stdout).toContain("matmul + add + relu");
  const args = ["./step.ts", "--device", "cpu", "--json"];
  const { stdout } = await startNode("scripts/explain.ts", args, folder).ended;
  const plan: unknown = JSON.parse(stdout);
  expect(plan).toMatchObject({ model: "./step.ts", device: "cpu", submits: 1, fallbacks: [] });
});

const model = `import { nn } from "gradgpu"; const model = nn.linear(3, 4);`;
const inputs = `inputs: [{ shape: [2, 3], dtype: "f32" }]`;

/** Files, and what must come of them: a number of steps, or what the message says. */
const files: readonly (readonly [name: string, content: string, outcome: number | RegExp])[] = [
  [
    "a-record.ts",
    `${model} export default () => ({ fn: (x) => ({ y: [model(x)] }), ${inputs} })`,
    1,
  ],
  [
    "in-two-files.ts",
    `import { model, inputs } from "./model.ts"; export default () => ({ fn: (x) => model(x), inputs })`,
    1,
  ],
  [
    "model.ts",
    `import { nn } from "gradgpu"; export const model = nn.linear(3, 4); export const { inputs } = { ${inputs} }`,
    /default export; got only inputs, model/,
  ],
  ["later.ts", `${model} export default async () => ({ fn: model, ${inputs} })`, 1],
  [
    "model-in-fn.ts",
    `import { nn } from "gradgpu"; export default () => ({ fn: (x) => nn.linear(3, 4)(x), ${inputs} })`,
    1,
  ],
  [
    "missing.ts",
    "",
    /the file must be there; got missing\.ts, which would be .*missing\.ts\. Give/,
  ],
  ["syntax.ts", "export default () => {", /must be importable; got .*syntax\.ts:1:22/s],
  [
    "thrown.ts",
    "\nthrow new TypeError('no')",
    /importable; got TypeError: no\n +at .*thrown\.ts:2:/,
  ],
  ["package.ts", `import "no-such-package"`, /importable; got .*no-such-package/],
  ["named.ts", "export const step = 1", /default export; got only step\. Write export default/],
  ["value.ts", "export default { inputs: [] }", /default export; got { inputs }\. Write export/],
  [
    "throws.ts",
    "export default () => { null.x }",
    /default export of .* must not throw; got TypeError/,
  ],
  [
    "no-fn.ts",
    "export default () => ({ inputs: [] })",
    /must return { fn, inputs }.* got { inputs }/,
  ],
  [
    "no-shape.ts",
    `export default () => ({ fn: (x) => x, inputs: [{ dtype: "f32" }] })`,
    /inputs\[0\] of no-shape\.ts: the shape must be whole numbers .* got undefined/,
  ],
  [
    "dtype.ts",
    `export default () => ({ fn: (x) => x, inputs: [{ shape: [2], dtype: "f64" }] })`,
    /inputs\[0\] of dtype\.ts: the dtype must be one of f32, .* got "f64"/,
  ],
  [
    "few.ts",
    `export default () => ({ fn: (x, y) => x, ${inputs} })`,
    /one for each of fn's 2 arguments; got 1\. Add/,
  ],
  [
    "shapes.ts",
    `${model}\nexport default () => ({\n fn: (x) => model(x),\n inputs: [{ shape: [2, 5], dtype: "f32" }] })`,
    /must run on tensors of its inputs; got linear: .*f32\[2, 5\].*\n +at .*shapes\.ts:3:/s,
  ],
  [
    "number.ts",
    `export default () => ({ fn: () => 3, inputs: [] })`,
    /must return tensors.* got a number/,
  ],
  ["async.ts", `export default () => ({ fn: async (x) => x, ${inputs} })`, /must not be async/],
  ["nothing.ts", `export default () => ({ fn: (x) => {}, ${inputs} })`, /must compute something/],
];

test("a file is planned, or refused with what is wrong with it", async () => {
  const written = files.filter(([name]) => name !== "missing.ts");
  await Promise.all(written.map(([name, content]) => writeFile(join(folder, name), content)));
  const names = files.map(([name]) => name);
  const { stdout, stderr } = await startNode("test/examples/own-steps.ts", names, folder).ended;
  expect(stderr).toBe("");
  const outcomes = JSON.parse(stdout) as Readonly<Record<string, number | string>>;
  for (const [name, , outcome] of files) {
    if (typeof outcome === "number") expect(outcomes[name], name).toBe(outcome);
    else expect(outcomes[name], name).toMatch(outcome);
  }
});

test("what is wrong on the command line is said with how it is used", async () => {
  const wrong = [["transformer"], ["./step.ts", "--T", "9"], ["cnn", "--device", "tpu"]];
  const ended = await Promise.all(
    wrong.map((args) => startNode("scripts/explain.ts", args, folder).ended),
  );
  expect(ended.map(({ code }) => code)).toEqual([2, 2, 2]);
  const said = [
    /cnn, lstm, gru, rnn or a file/,
    /--T is for the networks/,
    /one of webgpu, .*"tpu"/,
  ];
  for (const [i, { stderr }] of ended.entries()) expect(stderr).toMatch(said[i] ?? /never/);
});
