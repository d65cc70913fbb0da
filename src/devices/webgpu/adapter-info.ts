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

/**
 * In words: "nvidia ampere", "nvidia-h100-80gb-hbm3 (NVIDIA: 580.159.04)", "SwiftShader driver 5.0.0, software". What an
 * adapter calls its description is its driver's; a page is told its vendor and architecture at most.
 */
export function describeAdapter(info: AdapterNames, software = isSoftware(info)): string {
  const driver = info.description;
  if (software) return `${driver || nameOf(info) || "WebGPU adapter"}, software`;
  const name = nameOf(info);
  if (name === "") return driver || "WebGPU adapter";
  return driver === "" || driver === name ? name : `${name} (${driver})`;
}

function nameOf({ vendor, architecture, device }: AdapterNames): string {
  const name = device || architecture;
  return name.toLowerCase().includes(vendor.toLowerCase()) ? name : `${vendor} ${name}`.trim();
}
