// Attention that never stores what queries pay to keys: out = softmax(scale · q · kᵀ, of what a query sees) · v.
// A block of queries walks over the keys and keeps the largest score so far, the sum of exp(score − largest) and the
// values weighted by it, which are scaled down where a larger score comes.
//
// Bindings: q f32[heads, Tq, D], k f32[heads, Tk, D], v f32[heads, Tk, E]; mask where MASK; out f32[heads, Tq, E], lse
//   f32[heads, Tq], the logarithm of the sums; params.
// Constants: those of lib/attention; CHUNKS of 32 values, ⌈E / 32⌉; UNROLL, 1, 2, 4, 8 or 16 steps of inner loops.
// Mapping: workgroup_id.x + y · num_workgroups.x is a block of 32 queries, those of a head side by side.
// Accumulation: f32, keys ascending; each of 8 invocations sums every eighth vector of a row's weights.
// Source: Dao et al. 2022 (FlashAttention), algorithm 1; Milakov & Gimelshein 2018.

#include lib/attention

@group(0) @binding($(OPERANDS + (MASK > 0))) var<storage, read_write> out: array<f32>;
@group(0) @binding($(OPERANDS + (MASK > 0) + 1)) var<storage, read_write> lse: array<f32>;
@group(0) @binding($(OPERANDS + (MASK > 0) + 2)) var<uniform> params: Params;

// [32 keys][8 · 4 queries]
var<workgroup> weights_0: array<vec4<f32>, 256>;
// [8 · 4 queries][8 invocations]
var<workgroup> parts: array<vec4<f32>, 64>;

// Of a score, where the largest so far is known. Where that is of a hidden key, all keys are paid alike.
fn weight(s: f32, largest: f32) -> f32 {
  let alike = select(0.0, 1.0, largest <= LOST && s > 2.0 * UNSEEN);
  return select(exp(s - largest), alike, s <= LOST);
}

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = group.x + group.y * groups.x;
  if (place >= params.blocks) {
    return;
  }
  let head = place / params.tiles;
  let first = place % params.tiles * 32u;
  let own = first + 4u * local.y;
  var largest = vec4<f32>(LEAST);
  var total = vec4<f32>(0.0);
#for c in 0..CHUNKS
#for i in 0..4
  var acc_0_$(c)_$(i) = vec4<f32>(0.0);
#end
#end

  let end = seen_end(first + 32u);
  for (var other = 0u; other < end; other += 32u) {
#include lib/attention_products with step = 0, OWN = 0, OTHER = 1
#for i in 0..4
    for (var j = 0u; j < 4u; j++) {
      s_0_$(i)[j] = score(s_0_$(i)[j], head, own + $(i)u, other + 4u * local.x + j);
    }
    let top_$(i) = max(max(s_0_$(i).x, s_0_$(i).y), max(s_0_$(i).z, s_0_$(i).w));
#end
    parts[local.y * 8u + local.x] = vec4<f32>(top_0, top_1, top_2, top_3);
    // Every invocation of a row has told its largest score.
    workgroupBarrier();
    let before = largest;
    for (var x = 0u; x < 8u; x++) {
      largest = max(largest, parts[local.y * 8u + x]);
    }
    let still = select(vec4<f32>(0.0), vec4<f32>(1.0), before == largest);
    let factor = select(exp(before - largest), still, before <= vec4<f32>(LOST));
    total *= factor;
#for i in 0..4
    var p_$(i): vec4<f32>;
    for (var j = 0u; j < 4u; j++) {
      p_$(i)[j] = weight(s_0_$(i)[j], largest[$(i)]);
    }
    total[$(i)] += dot(p_$(i), vec4<f32>(1.0));
#for c in 0..CHUNKS
    acc_0_$(c)_$(i) *= factor[$(i)];
#end
#end
    for (var j = 0u; j < 4u; j++) {
      weights_0[(4u * local.x + j) * 8u + local.y] = vec4<f32>(p_0[j], p_1[j], p_2[j], p_3[j]);
    }
#include lib/attention_sums with ACC = 0, OTHER = 2
  }

#if CAUSAL
  // Queries that see none of the keys so far see all of them alike, also those behind.
  if (any(largest <= vec4<f32>(LOST))) {
    let lost = select(vec4<f32>(0.0), vec4<f32>(1.0), largest <= vec4<f32>(LOST));
    let rest = (end + 31u) / 32u * 32u;
    for (var key = rest; key < params.tk; key++) {
      if (local.x == 0u) {
        total += lost;
      }
#for c in 0..CHUNKS
      let v_$(c) = at_2(head, key, $(32 * c)u + 4u * local.x);
#for i in 0..4
      acc_0_$(c)_$(i) += lost[$(i)] * v_$(c);
#end
#end
    }
  }
#end

  // Everybody has read what is overwritten now.
  workgroupBarrier();
  parts[local.y * 8u + local.x] = total;
  // The sums of a row's invocations are there.
  workgroupBarrier();
  total = vec4<f32>(0.0);
  for (var x = 0u; x < 8u; x++) {
    total += parts[local.y * 8u + x];
  }
#for i in 0..4
  let query_$(i) = own + $(i)u;
  if (query_$(i) < params.tq) {
    let row = head * params.tq + query_$(i);
    if (local.x == 0u) {
      lse[row] = select(largest[$(i)] + log(total[$(i)]), UNSEEN, largest[$(i)] <= LOST);
    }
#for c in 0..CHUNKS
    let value_$(c) = acc_0_$(c)_$(i) / total[$(i)];
    for (var j = 0u; j < 4u; j++) {
      let f = $(32 * c)u + 4u * local.x + j;
      if (f < params.e) {
        out[row * params.e + f] = value_$(c)[j];
      }
    }
#end
  }
#end
}
