--[[
The chain of a hop, root first.

ARGV 5 tenant, 6 tree, 7 hop
Reply ok, authorities (digest, JSON, ...), one list for each node (lib/look.lua, show_node) @refuses hop_not_found
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
  local chain = chain_of(tree, ordinal)
  load_statics(tree, chain)
  local told = {}
  local reply = { 'ok', told }
  for n = 1, #chain do
    reply[#reply + 1] = show_node(tree, chain[n], told)
  end
  return reply
end

return guarded(look)
