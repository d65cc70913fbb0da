// Second pass of a product whose K was split: adds the partial sums in a fixed order, so that the same
// inputs give the same bits, and applies the epilogue.
//
// Bindings: partial f32[SPLITS, LENGTH], or f32[SPLITS, LENGTH + N] where SUMS, what an epilogue reads, out f32[LENGTH],
//   sums f32[N] where SUMS; params.
// Constants: those of lib/epilogue; SUMS 1 where every part ends with a row that
//   goes elsewhere, without epilogue: the sums of columns; COLUMNS outputs of a workgroup, SLICES invocations that share
//   the parts of one.
// Mapping: workgroup_id.x + y · num_workgroups.x is a block of COLUMNS outputs; the invocation slice · COLUMNS + column
//   adds up the parts slice, slice + SLICES, … of its output.
// Accumulation: f32, the parts of a slice by lib/cascade, then the slices in their order.
// Source: docs/kernels.md, Products.

struct Params {
  length: u32,
  splits: u32,
  // Columns of the output.
  n: u32,
  // Elements of out before the first of this call.
  out_base: u32,
$(EPILOGUE_FIELDS)
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding($(1 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<f32>;
#if SUMS
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<storage, read_write> sums: array<f32>;
#end
@group(0) @binding($(2 + EPILOGUE_BINDINGS + SUMS)) var<uniform> params: Params;

struct Known {
  at: u32,
  length: u32,
}

alias Totals_0 = f32;

fn neutral_0() -> f32 {
  return 0.0;
}

fn combine_0(a: f32, b: f32) -> f32 {
  return a + b;
}

fn load_0(known: Known, part: u32) -> f32 {
  return partial[part * known.length + known.at];
}

fn term_0(known: Known, value: f32) -> f32 {
  return value;
}
#include lib/cascade with s = 0, LANES = SLICES, UNROLL = 1

alias Value = f32;
#include lib/epilogue

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
  totals[thread] = own_0(Known(min(at, length - 1u), length), thread / $(COLUMNS)u, params.splits);
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
  var sum = own_0(Known(at, length), 0u, params.splits);
#end
#if SUMS
  if (at >= params.length) {
    sums[at - params.length] = sum;
    return;
  }
#end
  out[params.out_base + at] = finished(params.out_base + at, at % params.n, sum);
}
