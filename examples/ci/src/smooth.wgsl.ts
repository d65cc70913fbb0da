/** y[i] = (x[i − 1] + 2 x[i] + x[i + 1]) / 4, with the ends repeated. */
export const SMOOTH = /* wgsl */ `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn smooth_line(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  let last = arrayLength(&x) - 1;
  if (i > last) { return; }
  let left = x[max(i, 1) - 1];
  let right = x[min(i + 1, last)];
  y[i] = 0.25 * left + 0.5 * x[i] + 0.25 * right;
}
`;
