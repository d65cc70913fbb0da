/** Modes of a recurrent walk for tests that force one: small, with every constant that the kernels have in use. */
import type { StepMode, StepsMode } from "../../src/devices/webgpu/lowering/recurrent-mode.ts";

export const step: StepMode = {
  kind: "step",
  across: 4,
  each: 2,
  groups: 1,
  slices: 4,
  depth: 8,
  unroll: 2,
};

export const steps: StepsMode = {
  kind: "steps",
  rows: 2,
  slices: 2,
  each: 1,
  kept: 1,
  held: 1,
  unroll: 2,
};
