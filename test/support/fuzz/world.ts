/** What the calls of a fuzz are made in: a device, a second one whose tensors do not belong, and states that were saved. */
import * as gradgpu from "../../../src/index.ts";
import { setCurrentRuntime } from "../../../src/runtime/current.ts";
import { models } from "./models.ts";

export type DeviceName = "cpu" | "webgpu";

/** The bytes that no call may make a device hold: what asks for more must be refused. */
const MEMORY_BUDGET = 256 * 2 ** 20;
const SPARE = { device: "cpu", threads: 1, seed: 2 } as const;

export class World {
  readonly device: DeviceName;
  readonly runtime: gradgpu.Runtime;
  /** A runtime that calls may close: it is opened again. */
  spare: gradgpu.Runtime;
  /** Tensors whose elements lie on the device. */
  onDevice: readonly gradgpu.Tensor[] = [];
  /** One that lies on another device. */
  elsewhere: gradgpu.Tensor;
  /** What `stateDict()` gave for each of `models`. */
  readonly stateDicts = new Map<string, gradgpu.nn.StateDict>();

  private constructor(device: DeviceName, runtime: gradgpu.Runtime, other: gradgpu.Runtime) {
    this.device = device;
    this.runtime = runtime;
    this.spare = other;
    this.elsewhere = gradgpu.tensor(0);
  }

  static async open(device: DeviceName): Promise<World> {
    const other = await gradgpu.init(SPARE);
    const { runtime } = await gradgpu.init({ device, seed: 1, memoryBudget: MEMORY_BUDGET });
    const world = new World(device, runtime, other.runtime);
    for (const [name, { make }] of Object.entries(models)) {
      const model = make();
      world.stateDicts.set(name, await model.stateDict());
      for (const parameter of model.parameters()) parameter.dispose();
    }
    await world.renew();
    return world;
  }

  /** Calls may have opened another device. */
  makeCurrent(): void {
    setCurrentRuntime(this.runtime);
  }

  /** Calls may have disposed of what is shared. */
  async renew(): Promise<void> {
    if (await isClosed(this.spare)) this.spare = (await gradgpu.init(SPARE)).runtime;
    setCurrentRuntime(this.spare);
    this.elsewhere.dispose();
    this.elsewhere = gradgpu.neg(
      gradgpu.tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    await this.elsewhere.data();
    this.makeCurrent();
    for (const held of this.onDevice) held.dispose();
    const { tensor, neg, cast } = gradgpu;
    this.onDevice = [
      neg(
        tensor([
          [1, -2, 3],
          [-4, 5, -6],
        ]),
      ),
      neg(tensor(Int32Array.of(0, -1, -2), [3])),
      cast(tensor([1, 0, 1]), "bool"),
    ];
    await Promise.all(this.onDevice.map((held) => held.data()));
  }

  /** Whether values are still right and the device is still the one that it was. */
  async control(): Promise<string | undefined> {
    const w = gradgpu.variable([
      [1, 2],
      [3, 4],
    ]);
    const x = gradgpu.tensor([
      [1, -1],
      [2, 5],
    ]);
    const [loss, gradients] = gradgpu.valueAndGrad([w], () => {
      const y = gradgpu.relu(gradgpu.matmul(x, w));
      return gradgpu.sum(gradgpu.square(y));
    });
    const found = [await loss.item(), ...(await (gradients.get(w) ?? loss).data())];
    for (const held of [w, x, loss, ...gradients.values()]) held.dispose();
    // x·w = [[-2, -2], [17, 24]]: 17² + 24² and 2·xᵀ·relu(x·w).
    const right = [865, 68, 96, 170, 240];
    return found.join() === right.join() ? undefined : `${found.join()} instead of ${right.join()}`;
  }

  async close(): Promise<void> {
    await this.runtime.close();
    await this.spare.close();
  }
}

async function isClosed(runtime: gradgpu.Runtime): Promise<boolean> {
  try {
    await runtime.enqueue(() => undefined);
    return false;
  } catch {
    return true;
  }
}
