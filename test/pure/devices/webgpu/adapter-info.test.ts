import { expect, it } from "vitest";
import { describeAdapter } from "../../../../src/devices/webgpu/adapter-info.ts";

const nothing = { vendor: "", architecture: "", device: "", description: "" };

it.each([
  // Dawn in Node on an H100.
  [
    {
      vendor: "nvidia",
      architecture: "",
      device: "nvidia-h100-80gb-hbm3",
      description: "NVIDIA: 580.159.04 580.159.4.0",
    },
    "nvidia-h100-80gb-hbm3 (NVIDIA: 580.159.04 580.159.4.0)",
  ],
  // Chrome, without and with developer features.
  [{ ...nothing, vendor: "nvidia", architecture: "ampere" }, "nvidia ampere"],
  [
    {
      vendor: "apple",
      architecture: "metal-3",
      device: "",
      description: "Metal driver on macOS Version 14.5",
    },
    "apple metal-3 (Metal driver on macOS Version 14.5)",
  ],
  [
    {
      vendor: "google",
      architecture: "swiftshader",
      device: "swiftshader-device-subzero-",
      description: "SwiftShader driver 5.0.0",
    },
    "SwiftShader driver 5.0.0, software",
  ],
  [{ ...nothing, vendor: "google", architecture: "swiftshader" }, "google swiftshader, software"],
  // Firefox names nothing, wgpu's lavapipe only its driver.
  [nothing, "WebGPU adapter"],
  [{ ...nothing, isFallbackAdapter: true }, "WebGPU adapter, software"],
  [{ ...nothing, description: "llvmpipe (LLVM 15)" }, "llvmpipe (LLVM 15), software"],
])("%o is called %s", (info, name) => {
  expect(describeAdapter(info)).toBe(name);
});
