// Matrix product without workgroup memory: every invocation keeps a register tile of the output and reads
// its operands straight from storage. The fast variant on software adapters, where a barrier is a switch of
// fibres and a load costs as much as about 20 FMAs, whatever its width: large tiles, few loads.
//
// Bindings: a f32[batch, M, K] (or [batch, K, M] where TRANSPOSE_A), b f32[batch, K, N] (or [batch, N, K]
//   where TRANSPOSE_B), bias f32[N] where BIAS, out f32[batch, M, N] or, where SPLITS > 1, partial sums
//   f32[SPLITS, batch, M, N]; params.
// Constants: TM × TN the register tile (TN a multiple of 4); TRANSPOSE_A, TRANSPOSE_B; VECTOR_B, VECTOR_OUT 1
//   where N is a multiple of 4 (VECTOR_B only where b is not transposed); SPLITS parts of K; BIAS 0 or 1;
//   ACTIVATION 0 none, 1 relu, 2 tanh, 3 sigmoid; WX × WY invocations of a workgroup.
// Mapping: workgroup_id.x + y · num_workgroups.x is a tile of WY·TM rows and WX·TN columns, columns fastest;
//   workgroup_id.z = batch · SPLITS + part.
// Accumulation: f32, k ascending within a part; error ≤ K · 2⁻²⁴ relative to Σ|a||b|. Rows and columns beyond
//   the edge compute clamped elements that are never stored.
// Source: KERNELS.md 0 and 1.

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
#if VECTOR_B
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
#else
@group(0) @binding(1) var<storage, read> b: array<f32>;
#end
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
#if VECTOR_OUT
@group(0) @binding($(2 + BIAS)) var<storage, read_write> out: array<vec4<f32>>;
#else
@group(0) @binding($(2 + BIAS)) var<storage, read_write> out: array<f32>;
#end
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

fn bias_at(column: u32) -> vec4<f32> {
#if BIAS
  let last = params.n - 1u;
  return vec4<f32>(
    bias[min(column, last) * params.bias_stride],
    bias[min(column + 1u, last) * params.bias_stride],
    bias[min(column + 2u, last) * params.bias_stride],
    bias[min(column + 3u, last) * params.bias_stride]);
#else
  return vec4<f32>(0.0);
#end
}

fn store(base: u32, row: u32, column: u32, sum: vec4<f32>, shift: vec4<f32>) {
  if (row >= params.m || column >= params.n) {
    return;
  }
  let value = activate(sum + shift);
  let at = base + row * params.n + column;
#if VECTOR_OUT
  out[at / 4u] = value;
#else
  out[at] = value.x;
  if (column + 1u < params.n) {
    out[at + 1u] = value.y;
  }
  if (column + 2u < params.n) {
    out[at + 2u] = value.z;
  }
  if (column + 3u < params.n) {
    out[at + 3u] = value.w;
  }
#end
}

@compute @workgroup_size($(WX), $(WY))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
) {
  let tile = group.x + group.y * groups.x;
  let row = ((tile / params.tiles_n) * $(WY)u + local.y) * $(TM)u;
  let column = ((tile % params.tiles_n) * $(WX)u + local.x) * $(TN)u;
  if (row >= params.m || column >= params.n) {
    return;
  }
  let batch = group.z / $(SPLITS)u;
  let part = group.z % $(SPLITS)u;
  let a_base = params.a_base + batch * params.a_batch;
  let b_base = params.b_base + batch * params.b_batch;
  let k_begin = part * params.k_part;
  let k_end = min(params.k, k_begin + params.k_part);

  // Where each row of the register tile starts in a, and each column in b.
#for i in 0..TM
#if TRANSPOSE_A
  let a_at_$(i) = a_base + min(row + $(i)u, params.m - 1u);
#else
  let a_at_$(i) = a_base + min(row + $(i)u, params.m - 1u) * params.k;
#end
#end
#if VECTOR_B
#for j in 0..TN/4
  let b_at_$(j) = (b_base + min(column + $(4 * j)u, params.n - 4u)) / 4u;
#end
#else
#for j in 0..TN
#if TRANSPOSE_B
  let b_at_$(j) = b_base + min(column + $(j)u, params.n - 1u) * params.k;
#else
  let b_at_$(j) = b_base + min(column + $(j)u, params.n - 1u);
#end
#end
#end

#for i in 0..TM
#for j in 0..TN/4
  var acc_$(i)_$(j) = vec4<f32>(0.0);
#end
#end
  for (var k = k_begin; k < k_end; k++) {
#if TRANSPOSE_A
    let a_k = k * params.m;
#else
    let a_k = k;
#end
#if TRANSPOSE_B
    let b_k = k;
#else
#if VECTOR_B
    let b_k = k * (params.n / 4u);
#else
    let b_k = k * params.n;
#end
#end
#for j in 0..TN/4
#if VECTOR_B
    let y_$(j) = b[b_at_$(j) + b_k];
#else
    let y_$(j) = vec4<f32>(
      b[b_at_$(4 * j) + b_k], b[b_at_$(4 * j + 1) + b_k],
      b[b_at_$(4 * j + 2) + b_k], b[b_at_$(4 * j + 3) + b_k]);
#end
#end
#for i in 0..TM
    let x_$(i) = a[a_at_$(i) + a_k];
#for j in 0..TN/4
    acc_$(i)_$(j) += x_$(i) * y_$(j);
#end
#end
  }

  let base = params.out_base + (part * params.batches + batch) * params.m * params.n;
#for j in 0..TN/4
  let shift_$(j) = bias_at(column + $(4 * j)u);
#for i in 0..TM
  store(base, row + $(i)u, column + $(4 * j)u, acc_$(i)_$(j), shift_$(j));
#end
#end
}
