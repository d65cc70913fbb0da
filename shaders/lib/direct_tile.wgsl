// The register tile of an invocation in products without workgroup memory: its first row and column, and TM × TN sums of 0
// in acc_i_j (row i, columns 4·j + 0…3). Where there are groups of channels the line of workgroups is one group after the other.
// Given: rows, how many there are, as WGSL. Names of the place: group, groups, local; params.tiles_n, params.n. Gives first,
// column, acc_i_j, own (the group) and group_count.
// Constants: TM, TN, WX, WY; GROUPED 1 where there is more than one group.

#if GROUPED
  let line = group.x + group.y * groups.x;
  let own = line / params.group_tiles;
  let tile = line % params.group_tiles;
  let group_count = params.groups;
#else
  let own = 0u;
  let tile = group.x + group.y * groups.x;
  let group_count = 1u;
#end
  let first = ((tile / params.tiles_n) * $(WY)u + local.y) * $(TM)u;
  let column = ((tile % params.tiles_n) * $(WX)u + local.x) * $(TN)u;
  // The line's last row may be partial.
  if (own >= group_count || first >= $(rows) || column >= params.n) {
    return;
  }
#for i in 0..TM
#for j in 0..TN/4
  var acc_$(i)_$(j) = vec4<f32>(0.0);
#end
#end
