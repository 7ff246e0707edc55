--[[
suspend: suspends a hop under an id, which is never used again.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5-8 as each move on a hop (lib/on-hop.lua), 9 id of the suspension
Reply {'ok', the entry's JSON, '1' when it is new}
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/on-hop
--- @include lib/suspensions

local function move()
  begin()
  local tree, ordinal = read_hop()
  local id = ARGV[9]
  local hop = static_of(tree, ordinal)[1]
  local state = next_state('hop', own_state(tree, ordinal), 'suspend')
  local known = find_suspension(tree, id)
  if known and known[1] == ordinal and not known[3] then
    return { 'ok', known[2], '0' }
  elseif known or id == '' then
    refuse('id_taken', "the suspension's id was used", hop)
  end
  local live = touch(tree, ordinal)
  live[1] = state
  live[16] = live[16] or {}
  live[16][#live[16] + 1] = id
  local entry = log_suspension(tree, hop, 'suspend', id)
  keep_suspension(tree, id, { ordinal, entry, false })
  commit(tree, ordinal, '"suspension":' .. quoted(id) .. ',')
  return { 'ok', entry, '1' }
end

return guarded(move)
