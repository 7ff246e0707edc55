--[[
Some nodes of a tree, depth first, siblings in order of making. At most STEP of them, so that the server is never held up.

ARGV 5 tenant, 6 tree, 7 '' or the hop whose subtree is meant, 8 '' or '=' and the hop that the last page ended with, or '!' for none of ours,
     9 nodes wanted, 0 for a number that is none, 10 levels below, or ''
Reply ok, how many there are in all, 'more' or '', authorities (digest, JSON, ...), one list for each node (lib/look.lua, show_node)
@refuses hop_not_found, invalid_request
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/show
--- @include lib/look

local STEP = 256

-- Whether the subtree of `from`, or the tree, shows this hop.
local function is_inside(tree, from, deepest, ordinal)
  local static = static_of(tree, ordinal)
  if static[3] > deepest then
    return false
  end
  if from == nil or from == ordinal then
    return true
  end
  local above = static[13]
  for n = 1, #above do
    if above[n] == from then
      return true
    end
  end
  return false
end

-- Hops that follow each other here were mostly made one after the other, so those numbered next are read along with one, in one call for each
-- key; more of them while they are of use. What is read stays packed until it is needed.
local ahead, window, used = {}, 4, 0
local WINDOW_MIN, WINDOW_MAX = 2, 16

local function read_ahead(tree, ordinal)
  window = used > 0 and math.min(WINDOW_MAX, 2 * window) or math.max(WINDOW_MIN, window / 2)
  used = 0
  local ends = math.min(ordinal + window, BUCKET * (math.floor(ordinal / BUCKET) + 1), tree.m[1] + 1) - 1
  local names = {}
  for one = ordinal, ends do
    names[#names + 1] = int(one)
  end
  local statics = redis.call('HMGET', bucket_key(tree, 'h', ordinal), unpack(names))
  local lives = redis.call('HMGET', base .. 'v' .. tree.name, unpack(names))
  local siblings = redis.call('HMGET', bucket_key(tree, 'l', ordinal), unpack(names))
  for n = 1, #names do
    ahead[ordinal + n - 1] = { statics[n], lives[n], siblings[n] }
  end
end

-- Sees to it that the records of a hop are read.
local function read_hop(tree, ordinal)
  if ahead[ordinal] == nil then
    read_ahead(tree, ordinal)
  else
    used = used + 1
  end
  local kept = ahead[ordinal]
  tree.statics[ordinal] = tree.statics[ordinal] or cmsgpack.unpack(kept[1])
  tree.lives[ordinal] = tree.lives[ordinal] or read_live(kept[2])
end

local function sibling_of(tree, ordinal)
  local kept = ahead[ordinal]
  if kept then
    return tonumber(kept[3] or nil)
  end
  return next_sibling(tree, ordinal)
end

-- The hop that comes next in depth-first order, or nil.
local function following(tree, from, deepest, ordinal)
  local first = live_of(tree, ordinal)[6]
  if first ~= 0 and static_of(tree, ordinal)[3] < deepest then
    return first
  end
  local up = ordinal
  while up ~= 0 and up ~= from do
    local sibling = sibling_of(tree, up)
    if sibling and sibling ~= 0 then
      return sibling
    end
    up = static_of(tree, up)[2]
  end
  return nil
end

local function start_of(tree, from, deepest)
  if ARGV[8] == '' then
    return from or 1
  end
  local last = string.sub(ARGV[8], 1, 1) == '=' and find_ordinal(tree, string.sub(ARGV[8], 2)) or nil
  if last == nil or not is_inside(tree, from, deepest, last) then
    refuse('invalid_request', 'cursor is none of ours', nil, 'cursor')
  end
  return following(tree, from, deepest, last)
end

local function look()
  begin_look()
  local tree = read_tree(ARGV[5], ARGV[6])
  local from = tree and ARGV[7] ~= '' and find_ordinal(tree, ARGV[7]) or nil
  if tree == nil or (ARGV[7] ~= '' and from == nil) then
    return unknown(ARGV[7] ~= '' and ARGV[7] or ARGV[6])
  end
  local limit = tonumber(ARGV[9])
  if limit < 1 then
    refuse('invalid_request', 'limit is no positive whole number', nil, 'limit')
  end
  local deepest = (from and static_of(tree, from)[3] or 0) + (tonumber(ARGV[10]) or math.huge)
  local one = start_of(tree, from, deepest)
  local told = {}
  local total = from and live_of(tree, from)[9] + 1 or tree.m[1]
  local reply = { 'ok', int(total), '', told }
  for _ = 1, math.min(limit, STEP) do
    if one == nil then
      break
    end
    read_hop(tree, one)
    reply[#reply + 1] = show_node(tree, one, told)
    one = following(tree, from, deepest, one)
  end
  if one ~= nil then
    reply[3] = 'more'
  end
  return reply
end

return guarded(look)
