/** What an editor shows a user: short hovers, and mistakes told where they are. */
import { expect, test } from "vitest";
import { Editor } from "../../support/editor.ts";

const HEAD = `import { compile, data, init, losses, metrics, nn, optim, tensor, Trainer } from "gradgpu";
import * as io from "gradgpu/io";
`;

// TypeScript reads all sources first.
const LIMIT = 60_000;

test("hovers are short and name what a user knows", { timeout: LIMIT }, () => {
  const editor = new Editor(`${HEAD}
export const runtime = await init({ seed: 1 });
export const points = tensor([[1, 2], [3, 4]]);
export const model = nn.sequential(nn.linear(2, 32), nn.relu(), nn.linear(32, 2));
export const recurrent = nn.lstm(8, 16);
export const optimizer = optim.adam({ learningRate: 0.02 });
export const examples = data.dataset({
  x: { data: new Float32Array(8), shape: [4, 2], dtype: "f32" },
  y: { data: new Int32Array(4), shape: [4], dtype: "i32" },
});
export const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer, metrics: { f1: metrics.f1() } });
export const fit = trainer.fit(examples, { epochs: 2 });
export const history = await fit;
export const scores = await trainer.evaluate(examples, { batchSize: 4 });
for await (const report of fit) void report;
export const output = await trainer.predict(points);
export const step = compile((left) => nn.linear(2, 2)(left));
export const loaded = await io.loadModel("model.safetensors");
`);
  expect(editor.errors()).toEqual([]);
  const names =
    "runtime points model recurrent optimizer examples trainer fit history scores report output step loaded";
  const shown = names.split(" ").map((name) => editor.hover(name));
  for (const hover of shown) {
    expect(hover.length, hover).toBeLessThanOrEqual(200);
    expect(hover.split("\n").length, hover).toBeLessThanOrEqual(4);
  }
  expect(shown).toMatchInlineSnapshot(`
    [
      "const runtime: Opened",
      "const points: Tensor",
      "const model: nn.Module<Tensor, Tensor>",
      "const recurrent: nn.RecurrentModule",
      "const optimizer: optim.Optimizer",
      "const examples: data.Dataset",
      "const trainer: Trainer<Tensor, Tensor, losses.ClassTargets, "f1">",
      "const fit: Fit<"f1">",
      "const history: History<"f1">",
      "const scores: Scores<"f1">",
      "const report: StepReport<"f1">",
      "const output: Prediction",
      "const step: Compiled<Tensor>",
      "const loaded: nn.Module<Tensor, Tensor>",
    ]
  `);
});

test("a mistake is told at the line that it is on", { timeout: LIMIT }, () => {
  const editor = new Editor(`${HEAD}
const optimizer = optim.adam({ learningRate: 0.1 });
const trainer = new Trainer(nn.linear(2, 2), { loss: losses.crossEntropy, optimizer });
const images = { image: { data: new Float32Array(8), shape: [4, 2], dtype: "f32" } } as const;
trainer.fit(images, { epochs: 1 });
const { scores } = await trainer.evaluate({ x: images.image, y: images.image });
new Trainer(nn.linear(2, 2), { loss: losses.crossEntropy, optimiser: optimizer });
optim.adam({ learningrate: 0.1 });
nn.sequential(nn.linear(2, "3"));
`);
  expect(editor.errors().map(({ line, says }) => [line, says.at(-1)])).toMatchInlineSnapshot(`
    [
      [
        "trainer.fit(images, { epochs: 1 });",
        "Argument of type '{ readonly image: { readonly data: Float32Array<ArrayBuffer>; readonly shape: readonly [4, 2]; readonly dtype: "f32"; }; }' is not assignable to parameter of type 'TrainingData<Tensor, ClassTargets>'.",
      ],
      [
        "const { scores } = await trainer.evaluate({ x: images.image, y: images.image });",
        "Property 'scores' does not exist on type 'Scores<"accuracy">'.",
      ],
      [
        "new Trainer(nn.linear(2, 2), { loss: losses.crossEntropy, optimiser: optimizer });",
        "Object literal may only specify known properties, but 'optimiser' does not exist in type 'TrainerOptions<Tensor, Tensor, Tensor, never>'. Did you mean to write 'optimizer'?",
      ],
      [
        "optim.adam({ learningrate: 0.1 });",
        "Object literal may only specify known properties, but 'learningrate' does not exist in type 'AdamOptions'. Did you mean to write 'learningRate'?",
      ],
      [
        "nn.sequential(nn.linear(2, "3"));",
        "Argument of type 'string' is not assignable to parameter of type 'number'.",
      ],
    ]
  `);
});
