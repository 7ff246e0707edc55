--[[
find-root: what has become of the tree that the slot of an idempotency key names. A tree that is not there can never be opened
afterwards: whoever takes its slot is alone.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5 tenant, 6 tree, 7 holder of the new request, 8 '1' when the request is the one that was
     served, 9 '1' to keep a tree that is not there from being opened
Reply {'ok', 'none'} | {'ok', 'heir', tree} | {'ok', 'same', 17 texts of the root} | {'ok', 'other'}
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/show

local function find()
  begin()
  local tree = read_tree(ARGV[5], ARGV[6])
  if tree == nil then
    if ARGV[9] == '1' then
      local key = base .. 'x' .. tree_name(ARGV[5], ARGV[6])
      redis.call('HSET', key, 't', 1)
      redis.call('PEXPIRE', key, int(LIFETIME + world.tolerance + DAY))
    end
    return { 'ok', 'none' }
  end
  local root = static_of(tree, 1)
  if ARGV[8] ~= '1' then
    refuse('idempotency_conflict', 'the key was used for another request', root[1], 'idempotency')
  end
  local heir = live_of(tree, 1)[17]
  if heir then
    return { 'ok', 'heir', heir }
  end
  require_open(tree, 1)
  if root[5] ~= ARGV[7] then
    return { 'ok', 'other' }
  end
  return show_hop(tree, 1, { 'ok', 'same' })
end

return guarded(find)
