--[[
settle: moves a hop that waits for approval.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5-8 as each move on a hop (lib/on-hop.lua), 9 'approve' or 'deny'
Reply {'ok', 17 texts of the hop (lib/show.lua)}
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/show
--- @include lib/on-hop

local function move()
  begin()
  local tree, ordinal = read_hop()
  local state = next_state('hop', own_state(tree, ordinal), ARGV[9])
  local parent = static_of(tree, ordinal)[2]
  if ARGV[9] == 'approve' and parent ~= 0 then
    require_active(tree, parent)
  end
  touch(tree, ordinal)[1] = state
  commit(tree, ordinal, '')
  return show_hop(tree, ordinal, { 'ok' })
end

return guarded(move)
