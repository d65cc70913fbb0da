import { compile, grad, init, mul, nn, sum, tensor, uniform } from "gradgpu";

const { runtime } = await init();
const model = nn.sequential(
  nn.conv2d(1, 4, 5),
  nn.relu(),
  nn.flatten(),
  nn.linear(4 * 24 * 24, 10),
);

// ∂ score of one digit / ∂ pixel: the digit is an argument, so one plan serves all ten.
const saliency = compile((picture, digit) => grad((x) => sum(mul(model(x), digit)), picture));

const three = tensor([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
const [gradient] = await saliency(uniform([1, 28, 28, 1]), three);
console.log(gradient?.shape, await gradient?.data());
await runtime.close();
