import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { memoryByOwner, tensor, variable } from "../../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import { openCounting } from "./open.ts";

/** Rows of 256 bytes: nothing lies between packed tensors. */
const model = () => nn.sequential(nn.linear(64, 64, { seed: 1 }), nn.batchNorm1d(64));

describe("memoryByOwner", () => {
  it("adds up to what the device holds, by owner", async () => {
    const { runtime } = openCounting();
    const net = model();
    const optimizer = optim.adam({ learningRate: 0.01 });
    const trainer = new Trainer(net, { loss: losses.meanSquaredError, optimizer });
    const batch = { x: new Float32Array(8 * 64).fill(1), y: new Float32Array(8 * 64) };
    const shaped = (data: Float32Array) => ({ data, shape: [8, 64] });
    await trainer.fit([{ x: shaped(batch.x), y: shaped(batch.y) }]);
    const held = trainer.memory();
    const bytesOf = (variables: Iterable<{ size: number }>) =>
      [...variables].reduce((sum, { size }) => sum + 4 * size, 0);
    expect(held.owners.parameters).toBe(4 * (64 * 64 + 3 * 64));
    expect(held.owners.buffers).toBe(bytesOf(net.buffers()));
    expect(held.owners.optimizer).toBe(bytesOf(optimizer.state().values()));
    expect(held.temporaries).toBeGreaterThan(0);
    const { owners, temporaries, plans, other } = held;
    const all = Object.values(owners).reduce((a, b) => a + b) + temporaries + plans + other;
    expect(all).toBe(held.bytes);
    expect(held.bytes).toBe(runtime.memory().bytes);
    // What a Trainer holds is named: what is left lies between tensors that are packed.
    expect(other).toBeLessThan(0.1 * held.bytes);
    trainer.dispose();
    const mine = tensor(new Float32Array(1000));
    await mine.data();
    const after = memoryByOwner({ parameters: net.parameters(), again: net.parameters() });
    expect(after.owners.again).toBe(0);
    expect(after.owners.parameters).toBe(owners.parameters);
    expect(after.bytes).toBeLessThan(held.bytes);
  });

  it("counts what lies on the device, and refuses what is no variable", () => {
    openCounting();
    expect(memoryByOwner({ mine: [variable([1, 2])] }).owners).toEqual({ mine: 0 });
    expect(() => memoryByOwner({ mine: [tensor([1])] } as never)).toThrow(ArgumentError);
    expect(() => memoryByOwner({ mine: 3 } as never)).toThrow(ArgumentError);
    const detached = new Float32Array(2);
    structuredClone(detached, { transfer: [detached.buffer] });
    expect(() => memoryByOwner({ mine: detached } as never)).toThrow(ArgumentError);
    expect(() => memoryByOwner(undefined as never)).toThrow(ArgumentError);
  });
});
