/** What is said of hosts, GPUs and packages that fail, and by the checks of gradgpu/testing: each as its host would. */
import { afterEach, vi } from "vitest";
import { Allocator } from "../../../src/devices/cpu/allocator.ts";
import { failureOf } from "../../../src/devices/webgpu/failures.ts";
import { openWebgpuDevice } from "../../../src/devices/webgpu/open.ts";
import type { Tensor } from "../../../src/functions.ts";
import { installPackages } from "../../../src/testing/browser/install.ts";
import { gradcheck, sameOnAllDevices } from "../../../src/testing/index.ts";
import { importPeer } from "../../../src/testing/peer.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const asAny = (given: unknown) => given as never;
class GPUOutOfMemoryError {
  readonly message = "no room";
}
/** A GPU whose adapter gives no device. */
const unwilling = {
  requestAdapter: async () => ({
    features: new Set(),
    limits: {},
    info: {},
    requestDevice: () => Promise.reject(new Error("it is busy")),
  }),
};

const gpus: readonly ErrorRow[] = [
  [
    'webgpu: the GPU must have memory for what is allocated; got "no room". Use smaller batches or the cpu device.',
    () => {
      throw failureOf(new GPUOutOfMemoryError() as GPUError);
    },
  ],
  [
    'webgpu: every command must be valid; got "no such buffer". Please report this.',
    () => {
      throw failureOf({ message: "no such buffer" } as GPUError);
    },
  ],
  [
    "webgpu: the adapter must give a device; got Error: it is busy. Try again, or use the cpu device.",
    () => openWebgpuDevice({ gpu: asAny(unwilling) }),
  ],
  [
    "allocate: the cpu device's memory must hold all tensors; got a request for 1024 bytes with 0 in use. Use smaller batches, or dispose of tensors that are no longer needed.",
    () => new Allocator(0, () => false).allocate(1024),
  ],
];

const packages: readonly ErrorRow[] = [
  [
    `mine: the package gradgpu-is-no-such must be installed; got none beside gradgpu or in ${process.cwd()}. Run \`npm install --save-dev gradgpu-is-no-such\`.`,
    () => importPeer("mine", "gradgpu-is-no-such"),
  ],
  [
    "only root on Debian can install chromium as a package",
    () => {
      vi.spyOn(process, "getuid").mockReturnValue(1000);
      installPackages(["chromium"]);
    },
  ],
];

const twice = (x: Tensor) => [x, x];
const checks: readonly ErrorRow[] = [
  [
    "gradcheck: inputs must be a list; got 3. Hand over one for each argument of fn.",
    () => gradcheck((x: Tensor) => x, asAny(3)),
  ],
  [
    "sameOnAllDevices: inputs must be a list; got 3. Hand over one for each argument of fn.",
    () => sameOnAllDevices(twice, asAny(3)),
  ],
  [
    "gradcheck: the lists of input 0 must be equally long; got some that are not those of [2, 2]. Fill them up.",
    () => gradcheck((x: Tensor) => x, [[[1, 2], [3]]]),
  ],
  [
    "sameOnAllDevices: fn must give one result where others are compared with it; got 2. Give it by itself.",
    () => sameOnAllDevices(twice, [[1]], { devices: [], also: { loop: async () => [1] } }),
  ],
];

holdTexts([...gpus, ...packages, ...checks]);
