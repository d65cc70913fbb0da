import { expect, test } from "vitest";
import * as gradgpu from "../../../src/index.ts";
import * as internals from "../../../src/internals.ts";

test("what layers, optimizers and Trainers share with the verbs is not on the public surface", () => {
  const open = [gradgpu, gradgpu.nn, gradgpu.optim, gradgpu.losses, gradgpu.data];
  for (const names of open) {
    const shared = Object.keys(internals).filter((name) => name in names);
    expect(shared).toEqual([]);
  }
});
