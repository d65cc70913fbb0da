import { gpuTests } from "gradgpu/testing";
import { defineConfig } from "vitest/config";

export default defineConfig({ plugins: [gpuTests({ in: "node", adapter: "auto" })] });
