import { compile, concat, init, nn, roll, softmax, uniform } from "gradgpu";

const { runtime } = await init();
const model = nn.sequential(
  nn.conv2d(1, 4, 5),
  nn.relu(),
  nn.flatten(),
  nn.linear(4 * 24 * 24, 10),
);

// One picture, moved to the right by −6 to 6 pixels, as one batch.
const shifts = Array.from({ length: 13 }, (_, i) => i - 6);
const answers = compile((picture) =>
  softmax(
    model(
      concat(
        shifts.map((by) => roll(picture, by, 2)),
        0,
      ),
    ),
  ),
);

const probabilities = await answers(uniform([1, 28, 28, 1]));
console.log(probabilities.shape, await probabilities.data());
await runtime.close();
