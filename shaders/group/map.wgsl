// A group without reductions: a program applied to every element of an index space; also copies, transposes,
// broadcasts, slices.
//
// Bindings: the tensors that are read and written, b0 …, as 32-bit words, or vectors of four.
// Constants: THREADS; PIECES, of how many pieces of a pack each workgroup walks one, 0 where all is walked; WIDTH, elements
//   that an invocation has at a time. As text, generated: FIELDS of Params, among them the count of invocations; BINDINGS;
//   RESULTS, the fields of what apply returns; PARAMETERS, the words v0 … of the inputs and the counted places n0 …;
//   APPLY, statements over them that return Results; BODY, statements that load for invocation i, apply once for each
//   of its elements, and store.
// Mapping: invocation i computes element i, or four elements side by side; a line of workgroups. Behind the end of a
//   piece 0 is stored, up to where the next tensor starts.
// Each element is computed alone: the error is that of the scalar functions (src/ops/scalars-unary.ts).

struct Params {
$(FIELDS)
#if PIECES
  // Start, end, 0, 0.
  pieces: array<vec4<u32>, $(PIECES)>,
#end
}

$(BINDINGS)

#include lib/scalars

struct Results {
$(RESULTS)
}

fn apply($(PARAMETERS)) -> Results {
$(APPLY)
}

#if PIECES
@compute @workgroup_size($(THREADS))
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let group = id.x + id.y * workgroups.x;
  if (group >= $(PIECES)u) {
    return;
  }
  let piece = params.pieces[group];
  // Up to where another tensor may start.
  let stop = ((piece.y + 63u) & 0xffffffc0u) / $(WIDTH)u;
  for (var i = piece.x / $(WIDTH)u + local; i < stop; i += $(THREADS)u) {
$(BODY)
  }
}
#else
@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i >= params.count) {
    return;
  }
$(BODY)
}
#end
