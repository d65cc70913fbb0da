// The gradient of a table, as grad_columns, with the search for the ids shared by a workgroup.
//
// Bindings: ids i32[count], g [count, features], out [rows, features], f32.
// Constants: THREADS, a multiple of 32.
// Mapping: a workgroup for each row and each block of THREADS features. The ids go by in tiles of THREADS: every
//   invocation compares one and marks it in a bit mask; then each visits the marked places for its own feature.
// Accumulation: in the order of the ids, f32. The atomics set single bits of a mask, which has no order.

struct Params {
  rows: u32,
  features: u32,
  count: u32,
  blocks: u32,
}

@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> mask: array<atomic<u32>, $(THREADS / 32)>;

@compute @workgroup_size($(THREADS))
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = id.x + id.y * workgroups.x;
  if (group >= params.rows * params.blocks) {
    return;
  }
  let row = group / params.blocks;
  let feature = (group % params.blocks) * $(THREADS)u + lane;
  var total = 0.0;
  for (var tile = 0u; tile < params.count; tile += $(THREADS)u) {
    if (lane < $(THREADS / 32)u) {
      atomicStore(&mask[lane], 0u);
    }
    // The mask must be empty before bits are set.
    workgroupBarrier();
    let n = tile + lane;
    if (n < params.count && ids[n] == i32(row)) {
      atomicOr(&mask[lane / 32u], 1u << (lane % 32u));
    }
    // All bits must be set before they are read.
    workgroupBarrier();
    for (var w = 0u; w < $(THREADS / 32)u; w++) {
      var bits = atomicLoad(&mask[w]);
      while (bits != 0u) {
        let place = tile + w * 32u + firstTrailingBit(bits);
        if (feature < params.features) {
          total += g[place * params.features + feature];
        }
        bits &= bits - 1u;
      }
    }
    // Everyone must have read the mask before it is emptied.
    workgroupBarrier();
  }
  if (feature < params.features) {
    out[row * params.features + feature] = total;
  }
}
