/**
 * Which adapter tests of kernels run on. SwiftShader, which every machine can have, unless `GRADGPU_TEST_ADAPTER=hardware`
 * asks for the machine's GPU (docs/stacks.md).
 */
export const onHardware = globalThis.process?.env.GRADGPU_TEST_ADAPTER === "hardware";

/** What `description` of a device on that adapter matches. */
export const adapterName = onHardware ? /^(?!.*software)/i : /swiftshader/i;
