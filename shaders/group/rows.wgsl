// A group that reduces rows: every stage goes over the elements of a row and leaves totals, the last pass stores.
//
// Bindings: the tensors that are read and written, b0 …, as 32-bit words, or vectors of four.
// Constants: STAGES; LANES, the invocations of a row, and ROWS, the rows of a workgroup, powers of two; ACROSS 1
//   where neighbouring invocations take neighbouring rows, not neighbouring elements; UNROLL 1 where loops do four
//   elements a round; HELD, how many elements (or vectors) a lane keeps in registers for all passes, 0 where each
//   pass loads them again; STORES 1 where something is stored for each element; PARTIAL 1 where workgroups share
//   rows; PIECES, how many pieces of a pack are walked instead, 0 where all of a row is. As text, generated: FIELDS of Params; BINDINGS; KNOWN, what functions over elements are told of their row;
//   DECLARATIONS, those functions: for each stage those that lib/group_stage names, load and store; BODY, statements
//   that lead to the totals of all stages, and what comes of them; LAST, those that store what a row has once;
//   ORDERED 1 where they overwrite what is read.
// Mapping: a line of workgroups; workgroup g has the rows from g · ROWS on, of parts · rows with PARTIAL, those of the
//   first part first.
// Accumulation: every LANES-th element of a row by lib/group_stage, in f32.

struct Params {
$(FIELDS)
#if PIECES
  // Start, end, 0, 0.
  pieces: array<vec4<u32>, $(PIECES)>,
#end
}

$(BINDINGS)

#include lib/scalars

struct Known {
  row: u32,
$(KNOWN)
}

$(DECLARATIONS)

#if HELD
struct Held {
#for h in 0..HELD
  e$(h): Element,
#end
}

fn hold(known: Known, first: u32, end: u32) -> Held {
  var held: Held;
#for h in 0..HELD
  if (first + $(h * LANES)u < end) {
    held.e$(h) = load(known, first + $(h * LANES)u);
  }
#end
  return held;
}
#end

#for s in 0..STAGES
#include lib/group_stage
#end

@compute @workgroup_size($(LANES * ROWS))
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let place = id.x + id.y * workgroups.x;
#if LANES == 1
  let lane = 0u;
  let here = place * $(ROWS)u + local;
#else
#if ROWS == 1
  let lane = local;
  let here = place;
#else
#if ACROSS
  let lane = local / $(ROWS)u;
  let here = place * $(ROWS)u + local % $(ROWS)u;
#else
  let lane = local % $(LANES)u;
  let here = place * $(ROWS)u + local / $(LANES)u;
#end
#end
#end
  // Barriers need every invocation of a workgroup: those without a row repeat the last one, and store nothing.
#if LANES == 1 || ROWS == 1
  if (here >= params.count) {
    return;
  }
  let is_live = true;
#else
  let is_live = here < params.count;
#end
#if PARTIAL
  let part = min(here, params.count - 1u) / params.rows;
  let row = min(here, params.count - 1u) % params.rows;
  let begin = part * params.chunk;
  let end = min(begin + params.chunk, params.columns);
#else
  let row = min(here, params.count - 1u);
  let begin = 0u;
  let end = params.columns;
#end
  let first = begin + lane;
  var known: Known;
  known.row = row;
$(BODY)
#if STORES
#if HELD
#for h in 0..HELD
  if (is_live && first + $(h * LANES)u < end) {
    store(known, first + $(h * LANES)u, held.e$(h));
  }
#end
#else
  if (is_live) {
    for (var k = first; k < end; k += $(LANES)u) {
      store(known, k, load_stored(known, k));
    }
  }
#end
#end
#if LAST
#if ORDERED
  // What is stored for the row may take the place of what its lanes have read.
  storageBarrier();
#end
  if (is_live && lane == 0u) {
$(LAST)
  }
#end
}
