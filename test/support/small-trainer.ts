/** A Trainer of a layer that takes two numbers to one, and two examples. */
import { losses, nn, optim, Trainer } from "../../src/index.ts";

export const options = () => ({
  loss: losses.meanSquaredError,
  optimizer: optim.sgd({ learningRate: 0.1 }),
  metrics: {},
});

export const small = () => new Trainer(nn.linear(2, 1), options());

export const examples = {
  x: [
    [0, 1],
    [1, 0],
  ],
  y: [[1], [0]],
};
