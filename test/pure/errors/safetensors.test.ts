/** What is said of safetensors files, checkpoints and saved states that are damaged or of something else. */
import { beforeAll } from "vitest";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import { crc32 } from "../../../src/io/crc32.ts";
import {
  bytes,
  loadModel,
  memory,
  openSafetensors,
  readSafetensors,
  safetensorsBytes,
  type TensorToWrite,
  writeSafetensors,
} from "../../../src/io/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { latin1 } from "../../support/io/zip.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

const asAny = (given: unknown) => given as never;
const ANEW = "Get the file anew, or write it again.";

/** A file of that head. */
const headed = (text: string, length = text.length) => {
  const head = new Uint8Array(8 + text.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(latin1(text), 8);
  return readSafetensors(head);
};
const options = () => ({
  loss: losses.meanSquaredError,
  optimizer: optim.sgd({ learningRate: 0.1 }),
});
const small = () => new Trainer(nn.linear(2, 1), options());

/** A checkpoint whose metadata are changed, and which has a tensor more where one is named. */
async function checkpoint(metadata: Readonly<Record<string, string>>, more?: string) {
  const place = memory().place("run");
  await small().save(place);
  const read = await readSafetensors(place);
  const tensors =
    more === undefined ? read.tensors : { ...read.tensors, [more]: { shape: [1], data: [1] } };
  const changed = await safetensorsBytes(tensors, { metadata: { ...read.metadata, ...metadata } });
  return Trainer.resume(bytes(changed, "run"), nn.linear(2, 1), options());
}

/** A checkpoint of no tensors, whose text is all right as far as its checksum goes. */
async function told(state: string) {
  const checksum = crc32(latin1(state)).toString(16).padStart(8, "0");
  const metadata = { format: "gradgpu checkpoint", version: "1", length: "0", checksum, state };
  const file = bytes(await safetensorsBytes({}, { metadata }), "run");
  return Trainer.resume(file, nn.linear(2, 1), options());
}

/** Engines say it in words of their own. */
const engines = (text: string) => {
  try {
    return JSON.parse(text);
  } catch (error) {
    return (error as Error).message;
  }
};
/** Reads "c" of a file of these tensors. */
const namedC = async (tensors: Readonly<Record<string, TensorToWrite>>) =>
  (await openSafetensors(await safetensorsBytes(tensors))).read(["c"]).next();
const BEFORE = "Take the checkpoint before it.";

const files: readonly ErrorRow[] = [
  [
    "bytes: the header must have at most 2 bytes; got 9000 at byte 0. It may be no safetensors file.",
    () => headed("{}", 9000),
  ],
  [`bytes: text must be UTF-8; got 255 at byte 10. ${ANEW}`, () => headed('{"\xff":1}')],
  [
    `bytes: a text must be one of JSON; got "\\"\\\\x\\"" at byte 9. ${ANEW}`,
    () => headed('{"\\x":1}'),
  ],
  [
    `bytes: values must not be so deep; got more than 64 at byte 83. ${ANEW}`,
    () => headed(`{"w":{"x":${"[".repeat(70)}`),
  ],
  [
    `bytes: data_offsets must have at most 2 numbers; got more at byte 29. ${ANEW}`,
    () => headed('{"w":{"data_offsets":[1,2,3]}}'),
  ],
  [
    'bytes: whole numbers must fit i32; got 1099511627776 as element 1 of "w" at byte 72. Tensors have 32 bits: save smaller numbers, or save it as float.',
    async () =>
      readSafetensors(
        await safetensorsBytes({ w: { shape: [2], data: BigInt64Array.of(1n, 2n ** 40n) } }),
      ),
  ],
  [
    'writeSafetensors: every tensor must be { shape, data }; got DataView of 8 bytes for "w". Give typed arrays or lists of numbers.',
    () =>
      writeSafetensors(memory().place("a"), {
        w: { shape: [2], data: asAny(new DataView(new ArrayBuffer(8))) },
      }),
  ],
  [
    'bytes: the name must be that of a tensor of the file; got "c". It has a, b.',
    () => namedC({ a: { shape: [1], data: [1] }, b: { shape: [1], data: [1] } }),
  ],
  [
    'bytes: the name must be that of a tensor of the file; got "c". It has no tensors.',
    () => namedC({}),
  ],
];

const models: readonly ErrorRow[] = [
  [
    "a: a model file must be of version 1; got 2 at byte 8. Use a newer gradgpu.",
    async () => {
      const metadata = { "gradgpu.version": "2", "gradgpu.model": "{}" };
      await loadModel(bytes(await safetensorsBytes({}, { metadata }), "a"));
    },
  ],
];

const checkpoints: readonly ErrorRow[] = [
  [
    `run: its tensors must have the length that was written; got 20 bytes for "3" at byte 8. ${BEFORE}`,
    () => checkpoint({ length: "3" }),
  ],
  [
    `run: what it holds must have the checksum that was written; got e5746c6e for "00000000" at byte 8. ${BEFORE}`,
    () => checkpoint({ checksum: "00000000" }),
  ],
  [`run: its state must be JSON; got ${engines("{")} at byte 8. ${BEFORE}`, () => told("{")],
  [
    `run: a state must be whole; got none of a record with sequences at byte 8. ${BEFORE}`,
    () => told("3"),
  ],
  [
    `run: a state must be whole; got none of tensor sequences.0.0 at byte 8. ${BEFORE}`,
    () => told('{"sequences":[{"batchSize":1,"states":1}]}'),
  ],
];

const layer = () => nn.linear(2, 1);
const weight = { shape: [1, 2], data: [1, 2] };
const bias = { shape: [1], data: [0] };
const sequence = (history: unknown) => ({
  batchSize: 1,
  state: [],
  stretch: { every: 1, back: 1, history, owed: history },
});

const states: readonly ErrorRow[] = [
  [
    "loadStateDict: every entry must be { shape, data } with finite numbers; got NaN as element 1 of weight. Nothing was loaded. Take a state from before it went wrong, or pass { allowNonFinite: true }.",
    () => layer().loadStateDict({ weight: { shape: [1, 2], data: [1, Number.NaN] }, bias }),
  ],
  [
    "loadStateDict: weight must be [1, 2]; got [3] with 3 numbers. Nothing was loaded. Build the model with the sizes that it had when the state was saved.",
    () => layer().loadStateDict({ weight: { shape: [3], data: [1, 2, 3] }, bias }),
  ],
  [
    "loadStateDict: weight must be [1, 2]; got [1, 2] with 1 numbers. Nothing was loaded. Build the model with the sizes that it had when the state was saved.",
    () => layer().loadStateDict({ weight: { ...weight, data: [1] }, bias }),
  ],
  [
    'loadState: history of sequences[0] must hold f32 or i32 or u32 or bool in a typed array; got [1] of "f32". Load what state() gave, or a structured clone of it.',
    async () => {
      const trainer = small();
      const state = await trainer.state();
      trainer.loadState(asAny({ ...state, sequences: [sequence({ shape: [1], data: [1] })] }));
    },
  ],
];

holdTexts([...files, ...models, ...checkpoints, ...states]);
