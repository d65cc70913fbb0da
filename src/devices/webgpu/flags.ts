/** WebGPU's bit flags: Node has no GPUBufferUsage and its like as globals. (WebGPU, 5.1.2, 5.2, 6.1.1, 8.1.1) */
export const BUFFER_USAGE = {
  MAP_READ: 0x01,
  COPY_SRC: 0x04,
  COPY_DST: 0x08,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const;
export const TEXTURE_USAGE = { COPY_SRC: 0x01, COPY_DST: 0x02, RENDER_ATTACHMENT: 0x10 } as const;
export const MAP_MODE_READ = 0x01;
export const SHADER_STAGE_COMPUTE = 0x04;
