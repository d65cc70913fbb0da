// Matrix product in its plainest form, an invocation per output: what the fast variants are checked against, and
// the kernel for products too small to tile.
//
// Bindings: a f32[batch, M, K] (or [batch, K, M] where TRANSPOSE_A), b f32[batch, K, N] (or [batch, N, K]
//   where TRANSPOSE_B), bias f32[N] where BIAS, out f32[batch, M, N]; params.
// Constants: TRANSPOSE_A, TRANSPOSE_B; BIAS 0 or 1; ACTIVATION 0 none, 1 relu, 2 tanh, 3 sigmoid.
// Mapping: workgroup_id.x + y · num_workgroups.x is a block of 64 outputs in memory order; z is the batch.
// Accumulation: f32, k ascending; error ≤ K · 2⁻²⁴ relative to Σ|a||b|.
// Source: the definition.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  // Elements from one matrix of the batch to the next; 0 where the operand is broadcast.
  a_batch: u32,
  b_batch: u32,
  // Elements before the first matrix of this call.
  a_base: u32,
  b_base: u32,
  out_base: u32,
  // Tiles along n.
  tiles_n: u32,
  // Steps of k in one part.
  k_part: u32,
  batches: u32,
  // 1 where bias runs along n, 0 where all columns share its one element.
  bias_stride: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
@group(0) @binding($(2 + BIAS)) var<storage, read_write> out: array<f32>;
@group(0) @binding($(3 + BIAS)) var<uniform> params: Params;

fn activate(x: vec4<f32>) -> vec4<f32> {
#if ACTIVATION == 1
  return select(x, vec4<f32>(0.0), x < vec4<f32>(0.0));
#end
#if ACTIVATION == 2
  // The quotient loses relative accuracy near 0, where the series is exact to 2⁻²⁴.
  let s = x * x;
  let series = x * (1.0 - s * (0.33333333 - s * (0.13333333 - s * 0.053968254)));
  let e = exp(-2.0 * abs(x));
  return select(sign(x) * (1.0 - e) / (1.0 + e), series, abs(x) < vec4<f32>(0.15));
#end
#if ACTIVATION == 3
  let e = exp(-abs(x));
  return select(vec4<f32>(1.0), e, x < vec4<f32>(0.0)) / (1.0 + e);
#end
#if ACTIVATION == 0
  return x;
#end
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.x + group.y * groups.x) * 64u + thread;
  if (at >= params.m * params.n) {
    return;
  }
  let row = at / params.n;
  let column = at % params.n;
  let a_base = params.a_base + group.z * params.a_batch;
  let b_base = params.b_base + group.z * params.b_batch;
  var sum = 0.0;
  for (var k = 0u; k < params.k; k++) {
#if TRANSPOSE_A
    let x = a[a_base + k * params.m + row];
#else
    let x = a[a_base + row * params.k + k];
#end
#if TRANSPOSE_B
    let y = b[b_base + column * params.k + k];
#else
    let y = b[b_base + k * params.n + column];
#end
    sum += x * y;
  }
#if BIAS
  sum += bias[column * params.bias_stride];
#end
  out[params.out_base + group.z * params.m * params.n + at] = activate(vec4<f32>(sum)).x;
}
