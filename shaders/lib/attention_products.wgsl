// The products of own rows from `first` with the other side's from `other`, s_$(step)_i (own row i, others 0…3).
// Names of the place: head, first, other, thread, local. Constants: step, the operands OWN and OTHER, UNROLL steps unrolled.
#for i in 0..4
    var s_$(step)_$(i) = vec4<f32>(0.0);
#end
    for (var f = 0u; f < width_$(OWN)(); f += 16u) {
      let rows_at = 4u * (thread % 32u / 4u);
      let f_at = f + 4u * (thread % 4u);
      var block: mat4x4<f32>;
#for c in 0..4
      if (thread < 32u) {
        block[$(c)] = at_$(OWN)(head, first + rows_at + $(c)u, f_at);
      } else {
        block[$(c)] = at_$(OTHER)(head, other + rows_at + $(c)u, f_at);
      }
#end
      block = transpose(block);
      let to = thread / 32u * 128u + thread % 4u * 32u + thread % 32u / 4u;
      // Every invocation has read what is overwritten now.
      workgroupBarrier();
#for c in 0..4
      tile[to + $(8 * c)u] = block[$(c)];
#end
      // The tile is complete.
      workgroupBarrier();
      for (var n = 0u; n < 128u; n += $(8 * UNROLL)u) {
#for u in 0..UNROLL
        let a_$(u) = tile[n + $(8 * u)u + local.y];
        let b_$(u) = tile[n + $(8 * u + 128)u + local.x];
#for i in 0..4
        s_$(step)_$(i) = fma(vec4<f32>(a_$(u)[$(i)]), b_$(u), s_$(step)_$(i));
#end
#end
      }
    }
