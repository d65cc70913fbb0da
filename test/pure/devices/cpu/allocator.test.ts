import { describe, expect, it } from "vitest";
import { Allocator } from "../../../../src/devices/cpu/allocator.ts";
import { OutOfMemoryError } from "../../../../src/errors.ts";

const unlimited = () => true;

describe("Allocator", () => {
  it("starts every block at a multiple of 64 bytes", () => {
    const allocator = new Allocator(100, unlimited);
    const addresses = [1, 63, 64, 65, 0].map((bytes) => allocator.allocate(bytes).address);
    expect(addresses).toEqual([128, 192, 256, 320, 448]);
  });

  it("takes the smallest free block that is large enough", () => {
    const allocator = new Allocator(0, unlimited);
    const blocks = [256, 64, 128, 64].map((bytes) => allocator.allocate(bytes).address);
    allocator.release(blocks[0] ?? 0);
    allocator.release(blocks[2] ?? 0);
    expect(allocator.allocate(100)).toEqual({ address: blocks[2], fresh: false });
    expect(allocator.allocate(100)).toEqual({ address: blocks[0], fresh: false });
  });

  it("joins free neighbours on both sides", () => {
    const allocator = new Allocator(0, unlimited);
    const [a = 0, b = 0, c = 0] = [64, 64, 64].map((bytes) => allocator.allocate(bytes).address);
    allocator.allocate(64);
    for (const address of [a, c, b]) allocator.release(address);
    expect(allocator.allocate(192).address).toBe(a);
  });

  it("extends a free block at the end rather than leave it behind", () => {
    const reserved: number[] = [];
    const allocator = new Allocator(0, (bytes) => reserved.push(bytes) > 0);
    allocator.release(allocator.allocate(64).address);
    const { address, fresh } = allocator.allocate(256);
    // Not fresh: a part of it has been used, and has to be zeroed.
    expect({ address, fresh }).toEqual({ address: 64, fresh: false });
    // Kernels may read vectors past the end.
    expect(reserved.at(-1)).toBe(64 + 256 + 256);
  });

  it("counts what is in use", () => {
    const allocator = new Allocator(0, unlimited);
    const { address } = allocator.allocate(65);
    allocator.allocate(1);
    expect([allocator.bytes, allocator.buffers]).toEqual([192, 2]);
    allocator.release(address);
    allocator.release(address);
    expect([allocator.bytes, allocator.buffers]).toEqual([64, 1]);
  });

  it("throws an OutOfMemoryError, after which smaller requests still work", () => {
    const allocator = new Allocator(0, (bytes) => bytes <= 1024);
    expect(() => allocator.allocate(2048)).toThrow(OutOfMemoryError);
    expect(allocator.allocate(512).address).toBe(64);
  });

  it("never hands out memory twice, and has it all back in the end", () => {
    const allocator = new Allocator(0, unlimited);
    const live = new Map<number, number>();
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return (seed >>> 8) % below;
    };
    for (let i = 0; i < 2000; i++) {
      if (live.size > 0 && random(2) === 0) {
        const address = [...live.keys()][random(live.size)] ?? 0;
        live.delete(address);
        allocator.release(address);
        continue;
      }
      const bytes = 1 + random(1000);
      const { address } = allocator.allocate(bytes);
      for (const [other, size] of live) {
        expect(address >= other + size || address + bytes <= other).toBe(true);
      }
      live.set(address, bytes);
    }
    for (const address of live.keys()) allocator.release(address);
    expect([allocator.bytes, allocator.buffers]).toEqual([0, 0]);
    expect(allocator.allocate(100_000).address).toBe(64);
  });
});
