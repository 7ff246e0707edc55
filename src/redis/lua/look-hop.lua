--[[
A hop in its own state, as it stands now.

ARGV 5 tenant, 6 tree, 7 hop
Reply ok, then nothing, or the 17 texts of show_hop
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/show
--- @include lib/look

local function look()
  begin_look()
  local tree = read_tree(ARGV[5], ARGV[6])
  local ordinal = tree and find_ordinal(tree, ARGV[7])
  return ordinal and show_hop(tree, ordinal, { 'ok' }) or { 'ok' }
end

return guarded(look)
