// Adam with decoupled weight decay over packed parameters; the padding between them is left as it is.
//   d = scale · g,  m = beta1 · m + (1 - beta1) · d,  v = beta2 · v + (1 - beta2) · d²
//   p = p - rate · (m / (1 - beta1^step) / (√(v / (1 - beta2^step)) + epsilon) + weight_decay · p)
// where an m of a size below 2^-96 is 0, and a v, and what is added to it, below 2^-120.
//
// Bindings: p f32 and g f32, packed alike; m and v f32 alike; rate, step, scale, apply f32[1]: where apply is 0,
//   nothing changes.
// Constants: SEGMENTS, how many tensors; THREADS.
// Mapping: a line of workgroups; invocation by invocation along each tensor.
// Source: Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019.

struct Params {
  threads: u32,
  beta1: f32,
  beta2: f32,
  // 1 - beta, rounded after the subtraction: in f32 it would lose half its digits for a beta of 0.999.
  rest1: f32,
  rest2: f32,
  log_beta1: f32,
  log_beta2: f32,
  epsilon: f32,
  weight_decay: f32,
  unused_0: u32,
  unused_1: u32,
  unused_2: u32,
  // First element, end, 0, 0.
  segments: array<vec4<u32>, $(SEGMENTS)>,
}

@group(0) @binding(0) var<storage, read_write> p: array<f32>;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> m: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;
@group(0) @binding(4) var<storage, read> rate: array<f32>;
@group(0) @binding(5) var<storage, read> step: array<f32>;
@group(0) @binding(6) var<storage, read> scale: array<f32>;
@group(0) @binding(7) var<storage, read> apply: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

// 1 - e^z for z ≤ 0, to 2 ulp also near 0, where the difference would cancel.
fn one_minus_exp(z: f32) -> f32 {
  // Clamped, so that the side that is not taken stays finite.
  let near = max(z, -0.6);
  var term = near;
  var total = near;
#for n in 2..12
  term *= near / $(n).0;
  total += term;
#end
  return select(1.0 - exp(z), -total, z > -0.6);
}

fn unless_below(least: f32, x: f32) -> f32 {
  return select(x, 0.0, abs(x) < least);
}

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  if (apply[0] == 0.0) {
    return;
  }
  let correction1 = 1.0 / one_minus_exp(step[0] * params.log_beta1);
  let correction2 = 1.0 / one_minus_exp(step[0] * params.log_beta2);
  // Loaded once: a software adapter loads what stands in the loop for each element.
  let beta1 = params.beta1;
  let beta2 = params.beta2;
  let rest1 = params.rest1;
  let rest2 = params.rest2;
  let epsilon = params.epsilon;
  let weight_decay = params.weight_decay;
  let threads = params.threads;
  let factor = scale[0];
  let learning_rate = rate[0];
  let first = id.x + id.y * workgroups.x * $(THREADS)u;
  for (var s = 0u; s < $(SEGMENTS)u; s++) {
    let segment = params.segments[s];
    for (var i = segment.x + first; i < segment.y; i += threads) {
      let before = p[i];
      let d = factor * g[i];
      let mean = unless_below(0x1p-96, beta1 * m[i] + rest1 * d);
      let added = unless_below(0x1p-120, rest2 * d * d);
      let variance = unless_below(0x1p-120, beta2 * v[i] + added);
      m[i] = mean;
      v[i] = variance;
      let direction = mean * correction1 / (sqrt(variance * correction2) + epsilon);
      p[i] = before - learning_rate * (direction + weight_decay * before);
    }
  }
}
