// Stochastic gradient descent over packed parameters; the padding between them is left as it is.
//   d = scale · g + weight_decay · p,  v = momentum · v + d,  p = p - rate · (nesterov ? d + momentum · v : v)
// where a v of a size below 2^-96 is 0.
//
// Bindings: p f32 and g f32, packed alike; velocity f32 alike; rate, scale, apply f32[1]: where apply is 0, nothing
//   changes.
// Constants: SEGMENTS, how many tensors; NESTEROV 0 or 1; THREADS.
// Mapping: a line of workgroups; invocation by invocation along each tensor.

struct Params {
  threads: u32,
  momentum: f32,
  weight_decay: f32,
  unused_0: u32,
  // First element, end, 0, 0.
  segments: array<vec4<u32>, $(SEGMENTS)>,
}

@group(0) @binding(0) var<storage, read_write> p: array<f32>;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> velocity: array<f32>;
@group(0) @binding(3) var<storage, read> rate: array<f32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read> apply: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  if (apply[0] == 0.0) {
    return;
  }
  // Loaded once: a software adapter loads what stands in the loop for each element.
  let momentum = params.momentum;
  let weight_decay = params.weight_decay;
  let threads = params.threads;
  let factor = scale[0];
  let learning_rate = rate[0];
  let first = id.x + id.y * workgroups.x * $(THREADS)u;
  for (var s = 0u; s < $(SEGMENTS)u; s++) {
    let segment = params.segments[s];
    for (var i = segment.x + first; i < segment.y; i += threads) {
      let before = p[i];
      let d = factor * g[i] + weight_decay * before;
      let sum = momentum * velocity[i] + d;
      let v = select(sum, 0.0, abs(sum) < 0x1p-96);
      velocity[i] = v;
#if NESTEROV
      p[i] = before - learning_rate * (d + momentum * v);
#else
      p[i] = before - learning_rate * v;
#end
    }
  }
}
