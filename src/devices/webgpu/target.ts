import type { DeviceTraits, LoweredOp } from "../../scheduler/lowering.ts";

/** The limits that lowerings and the device look at: a part of GPUSupportedLimits. */
export interface WebgpuLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupSizeX: number;
}

/** What kernels are chosen for. Needs no GPU, so that a plan can be made on a machine without one. */
export interface WebgpuTarget {
  /** A software adapter: barriers are slow there, so that kernels without them are chosen. */
  readonly isSoftware: boolean;
  readonly limits: WebgpuLimits;
}

/** What every WebGPU implementation has at least (WebGPU, 3.6.2 "Supported limits"). */
export const DEFAULT_LIMITS: WebgpuLimits = {
  maxBufferSize: 268435456,
  maxStorageBufferBindingSize: 134217728,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
};

/** The largest tensor that a kernel can reach. */
export function maxBytes({ maxStorageBufferBindingSize, maxBufferSize }: WebgpuLimits): number {
  return Math.min(maxStorageBufferBindingSize, maxBufferSize);
}

/** The rows that one lowering file gives to the table. */
export type Lowerings<K extends LoweredOp> = Pick<DeviceTraits["lower"], K>;
