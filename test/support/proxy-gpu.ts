/** A GPUDevice as a test needs it: some of its methods are others. */
export function proxyGpu(gpuDevice: GPUDevice, changed: Partial<GPUDevice>): GPUDevice {
  return new Proxy(gpuDevice, {
    get(target, name) {
      if (name in changed) return changed[name as keyof GPUDevice];
      const value = Reflect.get(target, name, target) as unknown;
      // WebGPU's methods look at what they are called on.
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}
