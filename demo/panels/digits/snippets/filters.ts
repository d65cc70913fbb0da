import { init, nn } from "gradgpu";

const { runtime } = await init();
const layer = nn.conv2d(1, 8, 5, { padding: "same" });

// As PyTorch has them: [filters, inputs, rows, columns], and a bias for each filter.
const { weight, bias } = await layer.stateDict();
console.log(weight?.shape, bias?.shape);
for (let filter = 0; filter < 8; filter++)
  console.log(filter, weight?.data.subarray(filter * 25, (filter + 1) * 25));
await runtime.close();
