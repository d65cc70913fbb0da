// Second pass of a product whose K was split: adds the partial sums in a fixed order, so that the same
// inputs give the same bits, and applies the epilogue.
//
// Bindings: partial f32[SPLITS, LENGTH], or f32[SPLITS, LENGTH + N] where SUMS, bias f32[N] where BIAS, out f32[LENGTH],
//   sums f32[N] where SUMS; params.
// Constants: BIAS 0 or 1; ACTIVATION 0 none, 1 relu, 2 tanh, 3 sigmoid; SUMS 1 where every part ends with a row that
//   goes elsewhere, without epilogue: the sums of columns; COLUMNS outputs of a workgroup, SLICES invocations that share
//   the parts of one.
// Mapping: workgroup_id.x + y · num_workgroups.x is a block of COLUMNS outputs; the invocation slice · COLUMNS + column
//   adds up the parts slice, slice + SLICES, … of its output.
// Accumulation: f32, the parts of a slice by lib/cascade, then the slices in their order.
// Source: docs/kernels.md, Products.

struct Params {
  length: u32,
  splits: u32,
  // Columns of the output, over which bias runs.
  n: u32,
  // 1 where bias runs along n, 0 where all columns share its one element.
  bias_stride: u32,
  // Elements of out before the first of this call.
  out_base: u32,
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;
#if BIAS
@group(0) @binding(1) var<storage, read> bias: array<f32>;
#end
@group(0) @binding($(1 + BIAS)) var<storage, read_write> out: array<f32>;
#if SUMS
@group(0) @binding($(2 + BIAS)) var<storage, read_write> sums: array<f32>;
#end
@group(0) @binding($(2 + BIAS + SUMS)) var<uniform> params: Params;

alias Term = f32;

fn combine(a: f32, b: f32) -> f32 {
  return a + b;
}

struct Place {
  at: u32,
  length: u32,
}

fn term(place: Place, part: u32) -> f32 {
  return partial[part * place.length + place.at];
}
#include lib/cascade

alias Real = f32;
alias Word = u32;
#include lib/activation

#if SLICES > 1
var<workgroup> totals: array<f32, $(COLUMNS * SLICES)>;
#end

@compute @workgroup_size($(COLUMNS * SLICES))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.x + group.y * groups.x) * $(COLUMNS)u + thread % $(COLUMNS)u;
#if SUMS
  let length = params.length + params.n;
#else
  let length = params.length;
#end
#if SLICES > 1
  totals[thread] = cascade(Place(min(at, length - 1u), length), thread / $(COLUMNS)u, params.splits, $(SLICES)u, 0.0);
  // The slices are there.
  workgroupBarrier();
  if (thread >= $(COLUMNS)u || at >= length) {
    return;
  }
  var sum = totals[thread];
#for s in 1..SLICES
  sum += totals[thread + $(s * COLUMNS)u];
#end
#else
  if (at >= length) {
    return;
  }
  var sum = cascade(Place(at, length), 0u, params.splits, 1u, 0.0);
#end
#if SUMS
  if (at >= params.length) {
    sums[at - params.length] = sum;
    return;
  }
#end
#if BIAS
  sum += bias[(at % params.n) * params.bias_stride];
#end
  out[params.out_base + at] = activate(sum);
}
