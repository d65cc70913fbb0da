// Copies the rows of x to rows of out that lie further apart: one input of a concatenation.
//
// Bindings: x [rows, inner], out [rows, stride] from `base` on, as 32-bit words.
// Constants: WIDTH 1 or 4 elements an invocation, VALUE the type of that many words; THREADS.
// Mapping: an invocation for each WIDTH elements of x; a line of workgroups. All sizes in units of WIDTH.

struct Params {
  count: u32,
  inner: u32,
  stride: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<$(VALUE)>;
@group(0) @binding(1) var<storage, read_write> out: array<$(VALUE)>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i >= params.count) {
    return;
  }
  out[params.base + (i / params.inner) * params.stride + i % params.inner] = x[i];
}
