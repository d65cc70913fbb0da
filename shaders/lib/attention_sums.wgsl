// Adds weights_$(ACC), [32 of the other side][8 · 4 own rows], times the other side's rows from `other` to acc_$(ACC)_c_i: own row
// i, features 32·c + 4·x + 0…3. Whoever wrote weights leaves the barrier to this.
// Names of the place: head, other, thread, local. Constants: the operand OTHER; CHUNKS of 32 features; ACC; UNROLL.
#for c in 0..CHUNKS
    // Weights are complete, and every invocation has read what is overwritten now.
    workgroupBarrier();
#for r in 0..4
    tile[thread + $(64 * r)u] = at_$(OTHER)(head, other + $(8 * r)u + thread / 8u, $(32 * c)u + 4u * (thread % 8u));
#end
    // The tile is complete.
    workgroupBarrier();
    for (var n = 0u; n < 256u; n += $(8 * UNROLL)u) {
#for u in 0..UNROLL
      let a_$(u) = weights_$(ACC)[n + $(8 * u)u + local.y];
      let b_$(u) = tile[n + $(8 * u)u + local.x];
#for i in 0..4
      acc_$(ACC)_$(c)_$(i) = fma(vec4<f32>(a_$(u)[$(i)]), b_$(u), acc_$(ACC)_$(c)_$(i));
#end
#end
    }
#end
