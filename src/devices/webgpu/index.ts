export { WebgpuDevice } from "./device.ts";
export { openWebgpuDevice, type WebgpuOptions } from "./open.ts";
export { DEFAULT_LIMITS, type WebgpuLimits } from "./target.ts";
export { type WebgpuTraitsOptions, webgpuTraits } from "./traits.ts";
