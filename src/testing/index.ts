/** gradgpu/testing: tests of GPU code, on machines with a GPU and without. */
export type { AdapterWish, TestAdapter } from "./adapter.ts";
export type {
  TestBrowser,
  TestBrowserOptions,
  TestPage,
  TestPageOptions,
} from "./browser/types.ts";
export { CheckFailedError } from "./check-failed.ts";
export { type CloseOptions, expectClose } from "./expect-close.ts";
export { type BrowserLaunch, type LaunchWish, launchOptions } from "./launch-options.ts";
export { type Adapter, type Gpu, nodeAdapter } from "./node-adapter.ts";
export type { NodeAdapterOptions } from "./node-adapter-options.ts";
export { openTestBrowser } from "./open-test-browser.ts";
export type { CheckedDType } from "./tolerance.ts";
export type { NestedNumbers, NumberArray, Values } from "./values.ts";
export { type GpuTestsOptions, type GpuTestsPlugin, gpuTests } from "./vitest.ts";
