/** A page that computes with verbs, and a gradient. */
import { add, grad, init, matmul, sum, tanh, tensor } from "gradgpu";

await init();
const x = tensor([[1, 2]]);
const w = tensor([
  [1, 2],
  [3, 4],
]);
const [gradient] = grad((w) => sum(tanh(add(matmul(x, w), 1))), w);
console.log(await gradient?.data());
