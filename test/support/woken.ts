/**
 * A program: trains a small CNN with two threads on the cpu device, whose sleeping threads are woken all the time for no
 * reason of their own, and writes the losses. Two threads end at the same bits as one that waits for nobody.
 */
import { setFlagsFromString } from "node:v8";
import { compile, init, losses, nn, optim, tensor, valueAndGrad } from "../../src/index.ts";

// The baseline compiler keeps its code for as long as it takes to run into what it forgets.
setFlagsFromString("--liftoff-only");

const threads = Number(process.argv[2]);
const memories: WebAssembly.Memory[] = [];
WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    super(descriptor);
    memories.push(this);
  }
};
await init({ device: "cpu", threads, seed: 1 });

let isOver = false;
/** Everything in the first page is told of: among it is what threads wait for. */
const words =
  threads > 1 ? new Int32Array(memories[0]?.buffer ?? new ArrayBuffer(0), 0, 16384) : [];
function wake(): void {
  const until = performance.now() + 4;
  while (performance.now() < until)
    for (let i = 0; i < words.length; i++) Atomics.notify(words as Int32Array, i);
  if (!isOver) setImmediate(wake);
}
wake();

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7));
const x = tensor(wave(16 * 28 * 28), [16, 28, 28, 1]);
const y = tensor(
  Int32Array.from({ length: 16 }, (_, i) => i % 10),
  [16],
);
const model = nn.sequential(
  nn.conv2d(1, 16, 3, { padding: 1 }),
  nn.relu(),
  nn.maxPool2d(2),
  nn.conv2d(16, 32, 3, { padding: 1 }),
  nn.relu(),
  nn.maxPool2d(2),
  nn.flatten(),
  nn.linear(1568, 10),
);
const optimizer = optim.adam({ learningRate: 1e-3 });
const step = compile(() => {
  const [loss, gradients] = valueAndGrad(model.parameters(), () =>
    losses.crossEntropy(model(x), y),
  );
  optimizer.update(gradients);
  return loss;
});
const found: number[] = [];
for (let i = 0; i < 40; i++) found.push(await (await step()).item());
isOver = true;
console.log(JSON.stringify(found));
process.exit(0);
