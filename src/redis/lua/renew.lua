--[[
renew: renews the lease on a root; never shortens it.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5 tenant, 6 tree, 7 until, 8 event
Reply {'ok', 8 texts of the tree (lib/show.lua)}
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/show

local function move()
  begin()
  local tree = read_tree(ARGV[5], ARGV[6])
  if tree == nil then
    return unknown(ARGV[6])
  elseif has_lapsed(tree) then
    refuse('lease_lapsed', 'lease has lapsed', tree.id)
  elseif tree.m[6] == '' then
    refuse('illegal_transition', 'tree has no lease', tree.id)
  end
  local state = next_state('lease', tree.m[6], 'renew')
  local ends = tonumber(ARGV[7])
  if ends == nil or not (ends > world.at) then
    refuse('invalid_request', 'lease would end at once', nil, 'until')
  end
  tree.m[5] = math.max(tree.m[5], ends)
  tree.m[6] = state
  redis.call('ZADD', base .. 'lease', int(tree.m[5]), tree.name)
  write_line(tree, ARGV[8])
  flush_tree(tree)
  finish()
  return show_tree(tree, { 'ok' })
end

return guarded(move)
