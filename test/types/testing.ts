/** What a user's tests of GPU code write, with no types of a GPU, a browser or a test runner. Compiled, never run. */
import { matmul, type Tensor } from "gradgpu";
import {
  expectClose,
  gpuTests,
  gradcheck,
  leakcheck,
  nodeAdapter,
  openTestBrowser,
  runShader,
  sameOnAllDevices,
  seeded,
  withLostDevice,
} from "gradgpu/testing";

export const plugin = gpuTests({ in: "node", adapter: "software" });

export async function checks(): Promise<readonly string[]> {
  expectClose([1, 2], new Float32Array([1, 2]), { dtype: "f32", terms: 8 });
  const inputs = [[[1, 2]], [[3], [4]]] as const;
  const product = (a: Tensor, b: Tensor): Tensor => matmul(a, b);
  await gradcheck(product, inputs);
  for (const draws of seeded(3)) await leakcheck(() => draws.floats(4), { runs: 2 });
  await withLostDevice(({ device }) => device, { adapter: "software" });
  return sameOnAllDevices(product, inputs);
}

export async function shader(code: string): Promise<Float32Array> {
  const device = await (await nodeAdapter({ adapter: "software" })).requestDevice();
  const [x] = await runShader(device, { code, bindings: [new Float32Array(4)], workgroups: [1] });
  return x;
}

export async function page(): Promise<unknown> {
  const browser = await openTestBrowser({ adapter: "software" });
  try {
    return await browser.run("/shader.ts", "run", 1);
  } finally {
    await browser.close();
  }
}
