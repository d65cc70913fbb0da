// Adds the product of the tile to the register tile acc_i_j (row i, columns 4·j + 0…3). Invocation (x, y) owns rows
// i·BM/(TM/4) + 4·y + 0…3 and the columns alike: neighbours read neighbouring vectors, without bank conflicts.
// Names of the place: acc_i_j, local. Constants: those of lib/tile; UNROLL steps of k unrolled, a divisor of BK.

#if UNROLL < BK
    for (var step = 0u; step < $(BK)u; step += $(UNROLL)u) {
      let a_at = step * $(BM / 4)u + local.y;
      let b_at = B_START + step * $(BN / 4)u + local.x;
#else
    {
      let a_at = local.y;
      let b_at = B_START + local.x;
#end
#for s in 0..UNROLL
#for i in 0..TM/4
      let x_$(s)_$(i) = tile[a_at + $(s * BM / 4 + i * BM / TM)u];
#end
#for j in 0..TN/4
      let y_$(s)_$(j) = tile[b_at + $(s * BN / 4 + j * BN / TN)u];
#end
#for i in 0..TM
#for j in 0..TN/4
      acc_$(i)_$(j) = fma(vec4<f32>(x_$(s)_$(i / 4)[$(i % 4)]), y_$(s)_$(j), acc_$(i)_$(j));
#end
#end
#end
    }
