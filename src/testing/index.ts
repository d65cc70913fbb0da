/** gradgpu/testing: tests of GPU code, on machines with a GPU and without. */
export type { AdapterWish, TestAdapter } from "./adapter.ts";
export type * from "./browser/types.ts";
export { CheckFailedError } from "./check-failed.ts";
export { type CloseOptions, expectClose } from "./expect-close.ts";
export { type GradcheckOptions, gradcheck, type HandWritten } from "./gradcheck.ts";
export { type BrowserLaunch, type LaunchWish, launchOptions } from "./launch-options.ts";
export { type LeakcheckOptions, leakcheck } from "./leakcheck.ts";
export { type DoomedDevice, type LostDeviceOptions, withLostDevice } from "./lost-device.ts";
export { type Adapter, type Gpu, nodeAdapter } from "./node-adapter.ts";
export type { NodeAdapterOptions } from "./node-adapter-options.ts";
export { openTestBrowser } from "./open-test-browser.ts";
export { runShader, type ShaderData, type ShaderRun } from "./run-shader.ts";
export { type DeviceName, type SameOptions, sameOnAllDevices } from "./same-on-all-devices.ts";
export { type Draws, type SeededOptions, seeded } from "./seeded.ts";
export type { CheckedDType } from "./tolerance.ts";
export type { NestedNumbers, NumberArray, Values } from "./values.ts";
export { type GpuTestsOptions, type GpuTestsPlugin, gpuTests } from "./vitest.ts";
