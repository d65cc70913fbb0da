// The gradients of attention: of q, or of k and v. What queries pay to keys is made again of q, k and the logarithms of
// the sums; of a pair p = exp(score − lse) and ds = p · (g·v − Σ g · out), from which gQ = scale · ds · k, gK = scale · dsᵀ · q
// and gV = pᵀ · g. Where a query sees nothing, all keys are paid alike and no product matters.
//
// Bindings: q f32[heads, Tq, D], k f32[heads, Tk, D], v f32[heads, Tk, E], g f32[heads, Tq, E]; mask where MASK; stats
//   f32[2, heads, Tq], lse and Σ g · out; gQ f32[heads, Tq, D], or gK f32[heads, Tk, D] and gV f32[heads, Tk, E]; params.
// Constants: those of lib/attention; KEYS 1 for the gradients of k and v; CHUNKS_D, CHUNKS_E of 32 features, ⌈D / 32⌉ and
//   ⌈E / 32⌉; UNROLL, 1, 2, 4, 8 or 16 steps of inner loops.
// Mapping: workgroup_id.x + y · num_workgroups.x is a block of 32 queries (keys), those of a head side by side.
// Accumulation: f32, keys (queries) ascending.
// Source: Dao et al. 2022 (FlashAttention), algorithm 4; a dispatch for each side instead of atomics: Dao 2023.

#include lib/attention

@group(0) @binding($(4 + (MASK > 0))) var<storage, read> stats: array<f32>;
@group(0) @binding($(5 + (MASK > 0))) var<storage, read_write> out_0: array<f32>;
#if KEYS
@group(0) @binding($(6 + (MASK > 0))) var<storage, read_write> out_1: array<f32>;
#end
@group(0) @binding($(6 + (MASK > 0) + KEYS)) var<uniform> params: Params;

// [32 of the other side][8 · 4 own rows]: what is pulled at products, and what is paid.
var<workgroup> weights_0: array<vec4<f32>, 256>;
#if KEYS
var<workgroup> weights_1: array<vec4<f32>, 256>;
#end

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
  let queries = params.blocks / params.tiles * params.tq;
  let stats_at = head * params.tq;
#for c in 0..CHUNKS_D
#for i in 0..4
  var acc_0_$(c)_$(i) = vec4<f32>(0.0);
#end
#end
#if KEYS
#for c in 0..CHUNKS_E
#for i in 0..4
  var acc_1_$(c)_$(i) = vec4<f32>(0.0);
#end
#end
  let end = params.tq;
#if CAUSAL
  // The first query that sees the first key.
  let begin = min(params.tq, max(first + params.tq, params.tk) - params.tk) / 32u * 32u;
#else
  let begin = 0u;
#end
#else
  let begin = 0u;
  let end = seen_end(first + 32u);
#end

  for (var other = begin; other < end; other += 32u) {
#include lib/attention_products with step = 0, OWN = KEYS, OTHER = 1 - KEYS
#include lib/attention_products with step = 1, OWN = 3 - KEYS, OTHER = 2 + KEYS
    // Whoever summed up with the weights of the block before has read the tile since.
    for (var j = 0u; j < 4u; j++) {
      let theirs = other + 4u * local.x + j;
      var paid: vec4<f32>;
      var pulled: vec4<f32>;
#for i in 0..4
      {
#if KEYS
        let query = theirs;
        let key = own + $(i)u;
#else
        let query = own + $(i)u;
        let key = theirs;
#end
        let at = stats_at + min(query, params.tq - 1u);
        let s = score(s_0_$(i)[j], head, query, key);
        let p = exp(s - stats[at]);
        let ds = p * (s_1_$(i)[j] - stats[queries + at]) * params.scale;
        let is_lost = stats[at] <= LOST;
        let is_hidden = s <= LOST;
        let alike = select(0.0, 1.0 / f32(params.tk), is_lost && s > 2.0 * UNSEEN);
        paid[$(i)] = select(p, alike, is_lost || is_hidden);
        pulled[$(i)] = select(ds, 0.0, is_lost || is_hidden);
      }
#end
      weights_0[(4u * local.x + j) * 8u + local.y] = pulled;
#if KEYS
      weights_1[(4u * local.x + j) * 8u + local.y] = paid;
#end
    }
#include lib/attention_sums with ACC = 0, CHUNKS = CHUNKS_D, OTHER = 1 - KEYS
#if KEYS
#include lib/attention_sums with ACC = 1, CHUNKS = CHUNKS_E, OTHER = 3
#end
  }

#if KEYS * CAUSAL
  // Queries before, which see none of these keys, may see nothing and then pay all keys alike.
  for (var query = 0u; query < begin; query++) {
    if (stats[stats_at + query] <= LOST) {
#for c in 0..CHUNKS_E
      let g_$(c) = at_3(head, query, $(32 * c)u + 4u * local.x) / f32(params.tk);
#for i in 0..4
      acc_1_$(c)_$(i) += g_$(c);
#end
#end
    }
  }
#end

#for i in 0..4
  let row_$(i) = own + $(i)u;
  if (row_$(i) < rows_$(KEYS)()) {
#for c in 0..CHUNKS_D
    for (var j = 0u; j < 4u; j++) {
      let f = $(32 * c)u + 4u * local.x + j;
      if (f < params.d) {
        out_0[(head * rows_$(KEYS)() + row_$(i)) * params.d + f] = acc_0_$(c)_$(i)[j];
      }
    }
#end
#if KEYS
#for c in 0..CHUNKS_E
    for (var j = 0u; j < 4u; j++) {
      let f = $(32 * c)u + 4u * local.x + j;
      if (f < params.e) {
        out_1[(head * params.tk + row_$(i)) * params.e + f] = acc_1_$(c)_$(i)[j];
      }
    }
#end
#end
  }
#end
}
