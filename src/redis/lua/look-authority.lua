--[[
What a hop may do.

ARGV 5 tenant, 6 tree, 7 hop
Reply ok, JSON @refuses hop_not_found
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
  if not ordinal then
    return unknown(ARGV[7])
  end
  return { 'ok', authority_of(static_of(tree, ordinal)[6])[2] }
end

return guarded(look)
