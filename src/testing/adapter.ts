/** Which adapter a test asks for, and which one it got. */
import { oneOf } from "../arguments.ts";
import { type AdapterNames, describeAdapter, isSoftware } from "../devices/webgpu/adapter-info.ts";

/** "software": SwiftShader. "hardware": a GPU. "auto": a GPU where there is one, else SwiftShader. */
export type AdapterWish = "software" | "hardware" | "auto";

export const adapterWish = oneOf("software", "hardware", "auto");

/** The adapter that tests run on. */
export interface TestAdapter {
  /** In words: "SwiftShader driver 5.0.0, software". */
  readonly description: string;
  /** Whether the processor computes. */
  readonly isSoftware: boolean;
  /** As GPUAdapterInfo has it; empty where it is not told. */
  readonly vendor: string;
  /** Likewise. */
  readonly architecture: string;
  /** Likewise. */
  readonly device: string;
}

export function testAdapter(info: AdapterNames): TestAdapter {
  const { vendor, architecture, device } = info;
  return {
    description: describeAdapter(info),
    isSoftware: isSoftware(info),
    vendor,
    architecture,
    device,
  };
}

/** Whether an adapter that was got is one that was asked for. */
export function suits(wish: AdapterWish, info: AdapterNames): boolean {
  return wish === "auto" || isSoftware(info) === (wish === "software");
}
