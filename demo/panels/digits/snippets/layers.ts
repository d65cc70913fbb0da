import { compile, init, nn, type Tensor, uniform } from "gradgpu";

const { runtime } = await init();
const model = nn.sequential({
  conv1: nn.conv2d(1, 8, 5, { padding: "same" }),
  relu1: nn.relu(),
  pool1: nn.maxPool2d(2),
  flatten: nn.flatten(),
  linear: nn.linear(8 * 14 * 14, 10),
});

// One plan for all layers: what each of them makes of a picture, by its name.
const layersOf = compile((x: Tensor) => {
  const seen: Record<string, Tensor> = {};
  for (const [name, layer] of model.children) {
    x = (layer as nn.Module)(x);
    seen[name] = x;
  }
  return seen;
});

const layers = await layersOf(uniform([1, 28, 28, 1]));
for (const [name, output] of Object.entries(layers)) console.log(name, output.shape);
console.log(await layers.linear?.data());
await runtime.close();
