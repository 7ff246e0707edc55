--[[
record: writes decisions that were made elsewhere, and marks the hops among them that no record is kept of.

ARGV 1-4 as every move, 5 how many, then for each: tenant, tree or '', event, how it names hops ('' not at all, 'hop': one of its own,
     'calls': in a list), how many, hops ...
Reply ok
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/tickets

-- Which of these hops are not in the tree.
local function strange_of(tree, from, count)
  local strange = {}
  for n = from, from + count - 1 do
    if tree == nil or find_ordinal(tree, ARGV[n]) == nil then
      strange[#strange + 1] = ARGV[n]
    end
  end
  return strange
end

local function facts_of(tree, how, from, count)
  local strange = strange_of(tree, from, count)
  if #strange == 0 then
    return ''
  end
  return '{"data":{"unregistered":' .. (how == 'hop' and 'true' or cjson.encode(strange)) .. '}}'
end

local function move()
  begin()
  local trees, at = {}, 6
  for _ = 1, tonumber(ARGV[5]) do
    local name = tree_name(ARGV[at], ARGV[at + 1])
    local count = tonumber(ARGV[at + 4])
    if trees[name] == nil then
      trees[name] = ARGV[at + 1] ~= '' and read_tree(ARGV[at], ARGV[at + 1]) or false
    end
    local tree = trees[name] or nil
    write_line(tree, ARGV[at + 2], facts_of(tree, ARGV[at + 3], at + 5, count))
    at = at + 5 + count
  end
  for _, tree in pairs(trees) do
    if tree then
      flush_tree(tree)
    end
  end
  finish()
  return { 'ok' }
end

return guarded(move)
