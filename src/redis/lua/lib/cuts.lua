--[[
What each kind of cut of one tree marks. Needs world, tree, judge, table, feed.
]]

-- With its root gone there is nothing left for the lease to keep; successors of a root take it over.
local function release_lease(tree, ordinal)
  if static_of(tree, ordinal)[2] ~= 0 or tree.m[6] ~= 'held' then
    return
  end
  tree.m[6] = next_state('lease', 'held', 'release')
  redis.call('ZREM', base .. 'lease', tree.name)
end

-- A hop that has ended stays what it is and is cut all the same.
local function mark_cut(tree, ordinal)
  local state = own_state(tree, ordinal)
  local live = touch(tree, ordinal)
  live[1] = find_next(state, 'revoke') or state
  if not has_flag(live[2], CUT) then
    live[2] = live[2] + CUT
  end
  release_lease(tree, ordinal)
end

local function mark_below(tree, ordinal)
  local live = touch(tree, ordinal)
  if not has_flag(live[2], BELOW) then
    live[2] = live[2] + BELOW
  end
end

local function log_hop_cut(tree, ordinal)
  return log_cut(tree.tenant, tree, false, 'hop', tree.id, static_of(tree, ordinal)[1])
end

-- Ends a hop whose place another takes: 'superseded' or 'revoked'.
local function end_hop(tree, ordinal, ending)
  if ending == 'revoked' then
    mark_cut(tree, ordinal)
  else
    touch(tree, ordinal)[1] = next_state('hop', own_state(tree, ordinal), 'supersede')
  end
  return log_hop_cut(tree, ordinal)
end

-- A successor starts with the cut that stands against everything below its predecessor.
local function inherit_below(tree, from, to)
  if has_flag(live_of(tree, from)[2], BELOW) then
    mark_below(tree, to)
    log_cut(tree.tenant, tree, true, 'below', tree.id, static_of(tree, to)[1])
  end
end
