/** What an adapter says of itself. */
const SOFTWARE_ADAPTERS = /swiftshader|llvmpipe|lavapipe|basic render|software/i;

/** What is read of a GPUAdapterInfo: a page's travels as JSON. */
export interface AdapterNames {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

export function isSoftware({
  vendor,
  architecture,
  device,
  description,
  isFallbackAdapter,
}: AdapterNames): boolean {
  const names = [vendor, architecture, device, description].join(" ");
  return isFallbackAdapter === true || SOFTWARE_ADAPTERS.test(names);
}

/** In words: "SwiftShader Device (LLVM 16), software". */
export function describeAdapter(info: AdapterNames, software = isSoftware(info)): string {
  const named =
    info.description ||
    [info.vendor, info.architecture, info.device].filter((part) => part !== "").join(" ");
  return `${named || "WebGPU adapter"}${software ? ", software" : ""}`;
}
