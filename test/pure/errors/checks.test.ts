/** What gradgpu/testing says: of values that are none, of machines without a browser or a GPU, of shaders. */
import { afterEach, vi } from "vitest";
import { openNodeGpu } from "../../../src/devices/webgpu/node.ts";
import type { Tensor } from "../../../src/functions.ts";
import { ensureBrowser } from "../../../src/testing/browser/install.ts";
import { expectClose, gradcheck, nodeAdapter, runShader } from "../../../src/testing/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";

vi.mock("../../../src/devices/webgpu/node.ts", { spy: true });

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const asAny = (given: unknown) => given as never;
const same = (x: Tensor) => x;
const NUMBERS = "must be numbers, a list, a typed array or { data, shape }; got";
const READ = "Read tensors first: await x.data().";

const values: readonly ErrorRow[] = [
  [
    "expectClose: actual and expected must have one shape; got 3 elements for [2]. Compare what belongs together.",
    () => expectClose(Float32Array.of(1, 2, 3), [1, 2]),
  ],
  [
    "expectClose: actual and expected must have one shape; got [1, 2] for [2, 1]. Compare what belongs together.",
    () => expectClose([[1, 2]], [[1], [2]]),
  ],
  [
    "expectClose: actual must have as many elements as its shape; got 2 for [3]. Correct one of them.",
    () => expectClose({ data: [1, 2], shape: [3] }, [1, 2]),
  ],
  [
    "expectClose: the shape of actual must be a list; got 2. Write it as [rows, columns].",
    () => expectClose({ data: [1, 2], shape: asAny(2) }, [1, 2]),
  ],
  [`expectClose: actual ${NUMBERS} null. ${READ}`, () => expectClose(asAny(null), 1)],
  [`expectClose: expected ${NUMBERS} "1". ${READ}`, () => expectClose([1], asAny(["1"]))],
  [
    `gradcheck: input 0 ${NUMBERS} undefined. ${READ}`,
    () => gradcheck(same, [asAny({ data: undefined })]),
  ],
  [
    "gradcheck: gradient must give a list with one for each of the 2 inputs; got 1. Give zeros where there is none.",
    () => gradcheck({ value: (x) => x, gradient: (u) => [u] }, [[1], [2]]),
  ],
  [
    "gradcheck: gradient must give a list with one for each of the 2 inputs; got no list. Give zeros where there is none.",
    () => gradcheck({ value: (x) => x, gradient: () => asAny(1) }, [[1], [2]]),
  ],
];

/** A machine of this kind, on which nothing is installed. */
function bare(parts: object): void {
  const fs = process.getBuiltinModule("node:fs");
  vi.spyOn(fs, "existsSync").mockReturnValue(false);
  const env = { PUPPETEER_CACHE_DIR: "/cache", VK_ICD_FILENAMES: "driver.json" };
  vi.stubGlobal("process", { ...process, platform: "linux", getuid: () => 1000, env, ...parts });
}

const machines: readonly ErrorRow[] = [
  [
    "openTestBrowser: executablePath or PUPPETEER_EXECUTABLE_PATH must name a file that exists; got /no/chrome. Leave both out to have one found.",
    () => ensureBrowser({ executablePath: "/no/chrome" }),
  ],
  [
    "openTestBrowser: there must be a Chrome or Chromium; got none in the usual places and in /cache. Install one, or name it by PUPPETEER_EXECUTABLE_PATH.",
    () => {
      bare({});
      return ensureBrowser({ install: false });
    },
  ],
  [
    "openTestBrowser: there must be a Chrome or Chromium; got none in the usual places and in /cache; installing one failed: there is no Chrome to download for this platform; only root on Debian can install chromium as a package. Install one, or name it by PUPPETEER_EXECUTABLE_PATH.",
    () => {
      bare({ arch: "arm64" });
      return ensureBrowser();
    },
  ],
  [
    "nodeAdapter: the npm package webgpu must be installed and have a binary for this platform; got none. Run `npm install --save-dev webgpu`.",
    () => {
      bare({});
      vi.mocked(openNodeGpu).mockResolvedValue(undefined);
      return nodeAdapter({ adapter: "software" });
    },
  ],
];

/** A GPU that refuses what is dispatched. */
const refusing = () => {
  const buffer = { size: 4, destroy: () => {} };
  const pass = { setPipeline() {}, setBindGroup() {}, dispatchWorkgroups() {}, end() {} };
  return {
    pushErrorScope() {},
    popErrorScope: async () => ({ message: "binding 1 is missing.\n" }),
    createShaderModule: () => ({ getCompilationInfo: async () => ({ messages: [] }) }),
    createComputePipeline: () => ({ getBindGroupLayout: () => ({}) }),
    createBindGroup: () => ({}),
    createBuffer: () => buffer,
    createCommandEncoder: () => ({
      beginComputePass: () => pass,
      copyBufferToBuffer() {},
      finish: () => ({}),
    }),
    queue: { writeBuffer() {}, submit() {} },
  };
};

const shaders: readonly ErrorRow[] = [
  [
    'runShader: the GPU must take the dispatch; got "binding 1 is missing.". Compare the bindings with those that the shader declares and uses.',
    () => runShader(asAny(refusing()), { code: "", bindings: [Float32Array.of(1)], workgroups: 1 }),
  ],
];

holdTexts([...values, ...machines, ...shaders]);
