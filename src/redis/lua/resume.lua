--[[
resume: lifts one suspension; the hop is active again when none is left.

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

-- The other ids that hold, and whether this one does.
local function without(held, id)
  local rest, found = {}, false
  for _, one in ipairs(held or {}) do
    if one == id then
      found = true
    else
      rest[#rest + 1] = one
    end
  end
  return rest, found
end

local function move()
  begin()
  local tree, ordinal = read_hop()
  local id = ARGV[9]
  local hop = static_of(tree, ordinal)[1]
  local known = find_suspension(tree, id)
  if not known or known[1] ~= ordinal then
    refuse('illegal_transition', 'no such suspension', hop)
  elseif known[3] then
    return { 'ok', known[3], '0' }
  end
  local rest, found = without(live_of(tree, ordinal)[16], id)
  local last = found and #rest == 0
  local state = next_state('hop', own_state(tree, ordinal), last and 'resume' or 'lift')
  local live = touch(tree, ordinal)
  live[1] = state
  live[16] = #rest > 0 and rest
  known[3] = log_suspension(tree, hop, 'lift', id)
  keep_suspension(tree, id, known)
  commit(tree, ordinal, '"suspension":' .. quoted(id) .. ',')
  return { 'ok', known[3], '1' }
end

return guarded(move)
