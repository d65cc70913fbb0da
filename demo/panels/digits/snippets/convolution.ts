import { conv2d, init, relu, tensor } from "gradgpu";

const { runtime } = await init();
// A picture [N, H, W, C] with a bright square, and a filter [rows, columns, C, filters] that looks for upper edges.
const picture = tensor([0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0], [1, 4, 4, 1]);
const filter = tensor([-1, -1, -1, 0, 0, 0, 1, 1, 1], [3, 3, 1, 1]);

const map = relu(conv2d(picture, filter, { padding: "same" }));
console.log(map.shape, await map.data());
await runtime.close();
