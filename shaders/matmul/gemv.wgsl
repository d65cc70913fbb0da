// Matrix product with few rows, on hardware: a workgroup computes COLUMNS outputs of one row, SLICES invocations
// each, whose sums are added in workgroup memory by a fixed tree. A column vector (N = 1) is lowered to it as the
// transposed product.
//
// Bindings: a f32[batch, M, K] (or [batch, K, M] where TRANSPOSE_A), b f32[batch, K, N] (or [batch, N, K]
//   where TRANSPOSE_B), bias f32[N] where BIAS, out f32[batch, M, N]; params.
// Constants: COLUMNS · SLICES invocations, both powers of 2; TRANSPOSE_A, TRANSPOSE_B; BIAS 0 or 1; ACTIVATION 0
//   none, 1 relu, 2 tanh, 3 sigmoid.
// Mapping: workgroup_id.x + y · num_workgroups.x = row · tiles_n + block of columns; z is the batch. Neighbouring
//   invocations are neighbours in the direction in which b is contiguous: columns, or k where it is transposed.
// Accumulation: f32, k ascending in steps of SLICES, then a tree; error ≤ (K / SLICES + log₂ SLICES) · 2⁻²⁴
//   relative to Σ|a||b|.
// Source: KERNELS.md 1.

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

// [SLICES][COLUMNS]
var<workgroup> sums: array<f32, $(COLUMNS * SLICES)>;

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

@compute @workgroup_size($(COLUMNS * SLICES))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = group.x + group.y * groups.x;
  let row = place / params.tiles_n;
#if TRANSPOSE_B
  let lane = thread / $(SLICES)u;
  let slice = thread % $(SLICES)u;
#else
  let lane = thread % $(COLUMNS)u;
  let slice = thread / $(COLUMNS)u;
#end
  let column = (place % params.tiles_n) * $(COLUMNS)u + lane;
  let is_inside = row < params.m && column < params.n;
  let a_base = params.a_base + group.z * params.a_batch;
  let b_base = params.b_base + group.z * params.b_batch;
  var sum = 0.0;
  if (is_inside) {
    for (var k = slice; k < params.k; k += $(SLICES)u) {
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
      sum = fma(x, y, sum);
    }
  }
  sums[slice * $(COLUMNS)u + lane] = sum;
  // Every level of the tree reads what other invocations wrote before it.
  workgroupBarrier();
  for (var width = $(SLICES / 2)u; width > 0u; width /= 2u) {
    if (slice < width) {
      sums[slice * $(COLUMNS)u + lane] += sums[(slice + width) * $(COLUMNS)u + lane];
    }
    workgroupBarrier();
  }
  if (slice == 0u && is_inside) {
    var value = sums[lane];
#if BIAS
    value += bias[column * params.bias_stride];
#end
    out[params.out_base + (group.z * params.m + row) * params.n + column] = activate(vec4<f32>(value)).x;
  }
}
