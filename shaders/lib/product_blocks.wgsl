// How matmul/tiled loads an operand: where four neighbouring rows (of b columns) start in it, and four steps of k of
// these. Along k where it lies so, else along its rows, so that an element is at origin + k · stride.
// Given: operand, "a" or "b"; size, the parameter that says how many rows (columns) there are; ALONG 1 where it lies along
// k; VECTOR 1 where it is bound as vectors. Names of the place: those of lib/product, Layer with a_base and b_base, Origin.
// Constants: K_TAIL 0 where K is a multiple of the tile's.

fn origin_$(operand)(layer: Layer, first: u32) -> Origin {
  let base = vec4<u32>(layer.$(operand)_base);
  let at = vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u);
#if ALONG
  return base + min(at, vec4<u32>(params.$(size) - 1u)) * params.k;
#else
#if VECTOR
  return base + vec4<u32>(min(first, params.$(size) - 4u));
#else
  return base + min(at, vec4<u32>(params.$(size) - 1u));
#end
#end
}

fn load_$(operand)(layer: Layer, origin: Origin, k: u32) -> mat4x4<f32> {
#if ALONG && VECTOR
#if K_TAIL
  let at = (origin + vec4<u32>(min(k, params.k - 4u))) / vec4<u32>(4u);
#else
  let at = (origin + vec4<u32>(k)) / vec4<u32>(4u);
#end
  let block = transpose(mat4x4<f32>($(operand)[at.x], $(operand)[at.y], $(operand)[at.z], $(operand)[at.w]));
#if K_TAIL
  if (k >= params.k) {
    return mat4x4<f32>();
  }
#end
#else
  var block: mat4x4<f32>;
#for c in 0..4
#if ALONG || K_TAIL
  let k_$(c) = min(k + $(c)u, params.k - 1u);
#else
  let k_$(c) = k + $(c)u;
#end
#if ALONG
  let at_$(c) = origin + vec4<u32>(k_$(c));
#else
  let at_$(c) = origin + vec4<u32>(k_$(c) * params.$(size));
#end
#if VECTOR
  let step_$(c) = $(operand)[at_$(c).x / 4u];
#else
  let step_$(c) = vec4<f32>($(operand)[at_$(c).x], $(operand)[at_$(c).y], $(operand)[at_$(c).z], $(operand)[at_$(c).w]);
#end
#if K_TAIL
  block[$(c)] = select(vec4<f32>(0.0), step_$(c), k + $(c)u < params.k);
#else
  block[$(c)] = step_$(c);
#end
#end
#end
  return block;
}
