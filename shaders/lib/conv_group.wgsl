// Which tile of which group of channels a workgroup computes: the line of workgroups is one group after the other.
// Names of the place: group, groups (workgroup_id and num_workgroups). Gives tile, own (the group, not below
// group_count where the line's last row is partial) and group_count.
// Constants: GROUPED 1 where there is more than one group.

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
