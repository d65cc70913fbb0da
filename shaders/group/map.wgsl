// A group without reductions: a program applied to every element of an index space; also copies, transposes,
// broadcasts, slices.
//
// Bindings: the tensors that are read and written, b0 …, as 32-bit words, or vectors of four.
// Constants: THREADS. As text, generated: FIELDS of Params, among them the count of invocations; BINDINGS;
//   RESULTS, the fields of what apply returns; PARAMETERS, the words v0 … of the inputs and the counted places n0 …;
//   APPLY, statements over them that return Results; BODY, statements that load for invocation i, apply once for each
//   of its elements, and store.
// Mapping: invocation i computes element i, or four elements side by side; a line of workgroups.
// Each element is computed alone: the error is that of the scalar functions (src/ops/scalars-unary.ts).

struct Params {
$(FIELDS)
}

$(BINDINGS)

struct Results {
$(RESULTS)
}

fn apply($(PARAMETERS)) -> Results {
$(APPLY)
}

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i >= params.count) {
    return;
  }
$(BODY)
}
