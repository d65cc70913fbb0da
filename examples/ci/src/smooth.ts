/** A filter of one's own on a GPU, with nothing but WebGPU. */
import { SMOOTH } from "./smooth.wgsl.ts";

/** x, smoothed once. Everything that is made for it is given back. */
export async function smooth(device: GPUDevice, x: Float32Array): Promise<Float32Array> {
  const module = device.createShaderModule({ code: SMOOTH });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const size = x.byteLength;
  const input = device.createBuffer({ size, usage: STORAGE | COPY_DST });
  const output = device.createBuffer({ size, usage: STORAGE | COPY_SRC });
  const readback = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  try {
    device.queue.writeBuffer(input, 0, x.slice());
    const entries = [input, output].map((buffer, binding) => ({ binding, resource: { buffer } }));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
    );
    pass.dispatchWorkgroups(Math.ceil(x.length / 64));
    pass.end();
    encoder.copyBufferToBuffer(output, 0, readback, 0, size);
    device.queue.submit([encoder.finish()]);
    await readback.mapAsync(GPUMapMode.READ);
    return new Float32Array(readback.getMappedRange().slice(0));
  } finally {
    for (const buffer of [input, output, readback]) buffer.destroy();
  }
}

/** The same on a page, with an adapter of its own. */
export async function smoothInPage(numbers: readonly number[]): Promise<number[]> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("there is no WebGPU adapter");
  const device = await adapter.requestDevice();
  const smoothed = await smooth(device, Float32Array.from(numbers));
  device.destroy();
  return [...smoothed];
}
