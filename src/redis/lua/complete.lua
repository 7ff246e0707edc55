--[[
complete: ends a task; the hop is completed, and cut.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5-8 as each move on a hop (lib/on-hop.lua)
Reply {'ok', the entry's JSON, '1'}
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/on-hop

local function move()
  begin()
  local tree, ordinal = read_hop()
  local state = next_state('hop', own_state(tree, ordinal), 'complete')
  touch(tree, ordinal)[1] = state
  release_lease(tree, ordinal)
  local entry = log_hop_cut(tree, ordinal)
  commit(tree, ordinal, '')
  return { 'ok', entry, '1' }
end

return guarded(move)
