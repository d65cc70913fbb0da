// main of the products that are tiled through workgroup memory. A workgroup computes BM × BN outputs, an invocation TM × TN
// of them in registers: (x, y) owns rows i·BM/(TM/4) + 4·y + 0…3 and the columns alike, so that neighbours read neighbouring
// vectors, without bank conflicts. Both operands are staged k-major, in blocks of 4 × 4, of which invocation i stages
// the ROUNDS blocks i, i + THREADS, …; A's come before B's. The next tile is loaded into registers while the current one is
// multiplied; a second copy in workgroup memory has been seen to hurt.
// Names of the includer: params.tiles_n, params.n; Layer, what a layer z of the grid computes, with rows, k_begin and k_end,
// and layer_of(z); Origin, where a block of an operand is loaded from, origin_a(layer, first row), origin_b(layer, first
// column), and load_a(layer, origin, k), load_b(layer, origin, k), the four steps of k from `k` (columns) of four rows or
// columns; row_start(layer, row), where a row begins in out; lib/store, lib/epilogue; sums where SUMS is 1.
// Constants: BM, BN, BK the tile, multiples of 4; TM, TN the register tile, 4 or 8; UNROLL steps of k unrolled, a divisor of
// BK; ROUNDS; SUMS 1 or 2 where the sums of b's columns over the workgroup's part of k are stored, too, by the workgroups of
// the first row: in `sums`, or in the row behind the layer's others. Given: ALONG_A, ALONG_B 1 where neighbouring invocations
// load neighbours along k, else along rows or columns.
// Mapping: workgroup_id.x + y · num_workgroups.x is the tile, columns fastest.
// Accumulation: f32 FMA, k ascending. The sums of columns: of an invocation the steps that it has staged, sixteen stages
// before they join the others, and sixteen of those again, as in lib/cascade; then the invocations in their order.

const A_BLOCKS = $(BM * BK / 16)u;
const BLOCKS = $((BM + BN) * BK / 16)u;
const THREADS = $(BM * BN / TM / TN)u;
const B_START = $(BK * BM / 4)u;

// A as [BK][BM / 4], then B as [BK][BN / 4].
var<workgroup> tile: array<vec4<f32>, $(BK * (BM + BN) / 4)>;

@compute @workgroup_size($(BN / TN), $(BM / TM))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = group.x + group.y * groups.x;
  let first_row = (place / params.tiles_n) * $(BM)u;
  let first_column = (place % params.tiles_n) * $(BN)u;
  let layer = layer_of(group.z);
  // The same for a whole workgroup, as barriers ask.
  if (first_row >= layer.rows) {
    return;
  }

  // The blocks of 4 × 4 that this invocation stages: their origin, their first k and their place in the tile.
#for r in 0..ROUNDS
  let block_$(r) = thread + $(r)u * THREADS;
  let is_a_$(r) = block_$(r) < A_BLOCKS;
  var origin_$(r): Origin;
  var k_at_$(r): u32;
  var tile_at_$(r): u32;
  if (is_a_$(r)) {
#if ALONG_A
    let first = block_$(r) / $(BK / 4)u;
    let step = block_$(r) % $(BK / 4)u;
#else
    let first = block_$(r) % $(BM / 4)u;
    let step = block_$(r) / $(BM / 4)u;
#end
    origin_$(r) = origin_a(layer, first_row + 4u * first);
    k_at_$(r) = 4u * step;
    tile_at_$(r) = 4u * step * $(BM / 4)u + first;
  } else {
    let block = block_$(r) - A_BLOCKS;
#if ALONG_B
    let first = block / $(BK / 4)u;
    let step = block % $(BK / 4)u;
#else
    let first = block % $(BN / 4)u;
    let step = block / $(BN / 4)u;
#end
    origin_$(r) = origin_b(layer, first_column + 4u * first);
    k_at_$(r) = 4u * step;
    tile_at_$(r) = B_START + 4u * step * $(BN / 4)u + first;
  }
  let tile_step_$(r) = select($(BN / 4)u, $(BM / 4)u, is_a_$(r));
  var next_$(r): mat4x4<f32>;
#end

#for i in 0..TM
#for j in 0..TN/4
  var acc_$(i)_$(j) = vec4<f32>(0.0);
#end
#end
#if SUMS
  var column_sums = vec4<f32>(0.0);
  var some_sums = vec4<f32>(0.0);
  var more_sums = vec4<f32>(0.0);
#end

  if (layer.k_begin < layer.k_end) {
#for r in 0..ROUNDS
    if (is_a_$(r)) {
      next_$(r) = load_a(layer, origin_$(r), layer.k_begin + k_at_$(r));
    } else {
      next_$(r) = load_b(layer, origin_$(r), layer.k_begin + k_at_$(r));
    }
#end
  }
  for (var k = layer.k_begin; k < layer.k_end; k += $(BK)u) {
    // Every invocation has multiplied the tile that is overwritten now.
    workgroupBarrier();
#for r in 0..ROUNDS
    if (block_$(r) < BLOCKS) {
#for c in 0..4
      tile[tile_at_$(r) + $(c)u * tile_step_$(r)] = next_$(r)[$(c)];
#end
    }
#end
    // The tile is complete.
    workgroupBarrier();
#if SUMS
    if (first_row == 0u) {
#for r in 0..ROUNDS
      if (!is_a_$(r) && block_$(r) < BLOCKS) {
        column_sums += (next_$(r)[0] + next_$(r)[1]) + (next_$(r)[2] + next_$(r)[3]);
      }
#end
      let stage = (k - layer.k_begin) / $(BK)u;
      if (stage % 16u == 15u) {
        some_sums += column_sums;
        column_sums = vec4<f32>(0.0);
      }
      if (stage % 256u == 255u) {
        more_sums += some_sums;
        some_sums = vec4<f32>(0.0);
      }
    }
#end
    if (k + $(BK)u < layer.k_end) {
#for r in 0..ROUNDS
      if (is_a_$(r)) {
        next_$(r) = load_a(layer, origin_$(r), k + $(BK)u + k_at_$(r));
      } else {
        next_$(r) = load_b(layer, origin_$(r), k + $(BK)u + k_at_$(r));
      }
#end
    }
#if UNROLL < BK
    for (var step = 0u; step < $(BK)u; step += $(UNROLL)u) {
      let a_at = step * $(BM / 4)u + local.y;
      let b_at = B_START + step * $(BN / 4)u + local.x;
#else
    {
      let a_at = local.y;
      let b_at = B_START + local.x;
#end
#for s in 0..UNROLL
#for i in 0..TM/4
      let x_$(s)_$(i) = tile[a_at + $(s * BM / 4 + i * BM / TM)u];
#end
#for j in 0..TN/4
      let y_$(s)_$(j) = tile[b_at + $(s * BN / 4 + j * BN / TN)u];
#end
#for i in 0..TM
#for j in 0..TN/4
      acc_$(i)_$(j) = fma(vec4<f32>(x_$(s)_$(i / 4)[$(i % 4)]), y_$(s)_$(j), acc_$(i)_$(j));
#end
#end
#end
    }
  }

#if SUMS
  if (first_row == 0u) {
    // Every invocation has multiplied the last tile.
    workgroupBarrier();
    // Those of columns 4 · (thread % (BN / 4)) + 0…3: A's blocks and the invocations are multiples of BN / 4.
    tile[thread] = more_sums + (some_sums + column_sums);
    // The sums of all invocations are there.
    workgroupBarrier();
    if (thread < $(BN / 4)u) {
      var total = tile[thread];
      for (var other = thread + $(BN / 4)u; other < THREADS; other += $(BN / 4)u) {
        total += tile[other];
      }
      let column = first_column + 4u * thread;
#if SUMS == 2
      store(row_start(layer, layer.rows), column, total);
#else
#for c in 0..4
      if (column + $(c)u < params.n) {
        sums[column + $(c)u] = total[$(c)];
      }
#end
#end
    }
  }
#end
#for j in 0..TN/4
  let column_$(j) = first_column + $(j * BN / TN * 4)u + 4u * local.x;
#end
#for i in 0..TM
  let row_$(i) = first_row + $(i / 4 * BM / TM * 4 + i % 4)u + 4u * local.y;
  if (row_$(i) < layer.rows) {
    let row_at = row_start(layer, row_$(i));
#for j in 0..TN/4
    store(row_at, column_$(j), finished(row_at + column_$(j), column_$(j), acc_$(i)_$(j)));
#end
  }
#end
}
