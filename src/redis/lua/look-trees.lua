--[[
Trees of a tenant as they stand now, at most as many as were named.

ARGV 5 tenant, 6 ... trees
Reply ok, a list of 8 texts (show_tree) for each that there is
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/show
--- @include lib/look

local function look()
  begin_look()
  local reply = { 'ok' }
  for n = 6, #ARGV do
    local tree = read_tree(ARGV[5], ARGV[n])
    if tree then
      reply[#reply + 1] = show_tree(tree, {})
    end
  end
  return reply
end

return guarded(look)
