--[[
One tree at a time, read as needed and written back at the end: nothing is written before the whole move was judged.

Tree, packed arrays of t<T>:
  s  {1 issuer, 2 subject, 3 trigger, 4 createdAt, 5 expiresAt, 6 position}
  m  {1 ordinals given (= hops), 2 lines, 3 horizon, 4 flags, 5 lease until or 0, 6 lease state or '', 7 keys kept until, 8 last of the
      roots (ordinal), 9 tickets that wait, 10 letters of the keys that are kept until then,
      11 expiresAt again}
     flags, summed: 1 cut, 2 has marks in x, 4 has tallies in f
Static record of a hop, packed array in h:
  {1 id, 2 parent's ordinal or 0, 3 depth, 4 agent, 5 holder, 6 authority's ref, 7 createdAt, 8 expiresAt, 9 position,
   10 flags: 1 proven, 2 link, 4 bearer, 11 predecessor's ordinal or 0, 12 soonest expiry of the chain, 13 ordinals of the ancestors, root first,
   14 id of a predecessor in another tree (a root only) or absent}
What has happened to a hop, as this file hands it out (`live_of`):
  {1 state, 2 flags: 1 cut, 2 below, 3 children and 4 descendants and 5 calls counted, 6 first and 7 last child (ordinals or 0),
   8 children and 9 descendants there are, 10 limits of children, 11 of descendants, 12 of calls (false: none),
   13 spend, flat {currency, amount, ...}, or false, 14 its limits, the same, or false, 15 successor's ordinal or 0,
   16 ids of suspensions that hold, or false, 17 the tree whose root took this root's place, or absent}
It is kept in v, absent while there is nothing to tell: 22 bytes (HEAD) of what grows with the tree, in the order children, descendants, first,
last, calls; behind them, while there is any of it to tell, the rest, a packed array:
  {1 state, 2 flags, 3 children and 4 descendants there are beyond those counted, 5-7 limits, 8 spend, 9 its limits,
   10 successor, 11 suspensions, 12 heir}
]]
local BUCKET = 64
local HEAD, HEAD_BYTES = '>I4I4I4I4I6', 22
local CUT, BELOW = 1, 2

local function tree_name(tenant, id)
  return int(#tenant) .. ':' .. tenant .. ':' .. id
end

-- The tree, or nil.
local function read_tree(tenant, id)
  local name = tree_name(tenant, id)
  local found = redis.call('HMGET', base .. 't' .. name, 's', 'm')
  if not found[1] then
    return nil
  end
  return {
    tenant = tenant, id = id, name = name,
    s = cmsgpack.unpack(found[1]), m = cmsgpack.unpack(found[2]),
    ids = {}, statics = {}, lives = {}, dirty = {}, fresh = {}, siblings = {},
  }
end

local function has_flag(flags, flag)
  return flags % (2 * flag) >= flag
end

local function tree_has(tree, flag)
  return has_flag(tree.m[4], flag)
end

local function set_tree_flag(tree, flag)
  if not tree_has(tree, flag) then
    tree.m[4] = tree.m[4] + flag
  end
end

-- Ordinals of one or two ids, nil for unknown ones.
local function find_ordinals(tree, first, second)
  local found = redis.call('HMGET', base .. 'i' .. tree.name, first, second)
  return tree.ids[first] or tonumber(found[1] or nil), tree.ids[second] or tonumber(found[2] or nil)
end

local function find_ordinal(tree, id)
  local known = tree.ids[id]
  if known == nil then
    known = tonumber(redis.call('HGET', base .. 'i' .. tree.name, id) or nil)
  end
  return known
end

local function bucket_key(tree, letter, ordinal)
  return base .. letter .. int(math.floor(ordinal / BUCKET)) .. ':' .. tree.name
end

local function static_of(tree, ordinal)
  local known = tree.statics[ordinal]
  if known == nil then
    known = cmsgpack.unpack(redis.call('HGET', bucket_key(tree, 'h', ordinal), int(ordinal)))
    tree.statics[ordinal] = known
  end
  return known
end

-- What is told of a hop by its field of v (false: nothing).
local function read_live(kept)
  if not kept then
    return { 'active', 0, 0, 0, 0, 0, 0, 0, 0, false, false, false, false, false, 0, false }
  end
  local children, descendants, first, last, calls = struct.unpack(HEAD, kept)
  if #kept == HEAD_BYTES then
    return { 'active', 0, children, descendants, calls, first, last, children, descendants,
      false, false, false, false, false, 0, false }
  end
  local v = cmsgpack.unpack(string.sub(kept, HEAD_BYTES + 1))
  return { v[1], v[2], children, descendants, calls, first, last, children + v[3], descendants + v[4],
    v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12] }
end

local function is_told(live)
  return live[1] ~= 'active' or live[2] ~= 0 or live[8] ~= live[3] or live[9] ~= live[4]
    or live[10] or live[11] or live[12] or live[13] or live[14] or live[15] ~= 0 or live[16] or live[17]
end

local function pack_live(live)
  local head = struct.pack(HEAD, live[3], live[4], live[6], live[7], live[5])
  if not is_told(live) then
    return head
  end
  return head .. cmsgpack.pack({ live[1], live[2], live[8] - live[3], live[9] - live[4],
    live[10], live[11], live[12], live[13], live[14], live[15], live[16], live[17] })
end

-- Reads what has happened to all these, in one call.
local function load_lives(tree, ordinals)
  local names = {}
  for n = 1, #ordinals do
    names[n] = int(ordinals[n])
  end
  local kept = redis.call('HMGET', base .. 'v' .. tree.name, unpack(names))
  local lives = tree.lives
  for n = 1, #ordinals do
    local ordinal = ordinals[n]
    if lives[ordinal] == nil then
      lives[ordinal] = read_live(kept[n])
    end
  end
end

local function live_of(tree, ordinal)
  local known = tree.lives[ordinal]
  if known == nil then
    load_lives(tree, { ordinal })
    known = tree.lives[ordinal]
  end
  return known
end

-- Says that what has happened to a hop will have changed by the end.
local function touch(tree, ordinal)
  tree.dirty[ordinal] = true
  return live_of(tree, ordinal)
end

-- The ordinals of a hop's chain, root first, itself last; their live records are loaded.
local function chain_of(tree, ordinal)
  local known = tree.chains and tree.chains[ordinal]
  if known then
    return known
  end
  local above = static_of(tree, ordinal)[13]
  local chain = {}
  local missing = false
  for n = 1, #above do
    chain[n] = above[n]
    missing = missing or tree.lives[above[n]] == nil
  end
  chain[#chain + 1] = ordinal
  if missing or tree.lives[ordinal] == nil then
    load_lives(tree, chain)
  end
  tree.chains = tree.chains or {}
  tree.chains[ordinal] = chain
  return chain
end

-- Reads the static records of all these ordinals, one call for each bucket.
local function load_statics(tree, ordinals)
  local statics = tree.statics
  local buckets = {}
  for n = 1, #ordinals do
    local ordinal = ordinals[n]
    if statics[ordinal] == nil then
      local key = bucket_key(tree, 'h', ordinal)
      local list = buckets[key]
      if list == nil then
        buckets[key] = { int(ordinal) }
      else
        list[#list + 1] = int(ordinal)
      end
    end
  end
  for key, list in pairs(buckets) do
    local found = redis.call('HMGET', key, unpack(list))
    for n = 1, #list do
      statics[tonumber(list[n])] = cmsgpack.unpack(found[n])
    end
  end
end

-- The ordinal of the hop that stands after this one under the same parent, or nil.
local function next_sibling(tree, ordinal)
  return tonumber(redis.call('HGET', bucket_key(tree, 'l', ordinal), int(ordinal)) or nil)
end

local function keep_key(tree, key)
  redis.call('PEXPIRE', key, int(math.max(1, tree.m[7] - world.at)))
end

-- The key of a letter, for writing to: it will be kept as long as the tree is.
local function key_for(tree, letter)
  if not string.find(tree.m[10], letter, 1, true) then
    tree.m[10] = tree.m[10] .. letter
    tree.unkept = (tree.unkept or '') .. letter
  end
  return base .. letter .. tree.name
end

-- A tree is kept for a day after the last of its tokens has ended, and keys are moved a day at a time.
local DAY = 86400000

-- Keeps all keys of the tree as long as its horizon asks for.
local function keep_tree(tree)
  local needed = tree.m[3] + world.tolerance + DAY
  if needed <= tree.m[7] then
    return
  end
  tree.m[7] = needed + DAY
  tree.unkept = tree.m[10]
  if tree.m[1] == 0 then
    return
  end
  for bucket = 0, math.floor(tree.m[1] / BUCKET) do
    keep_key(tree, base .. 'h' .. bucket .. ':' .. tree.name)
    keep_key(tree, base .. 'l' .. bucket .. ':' .. tree.name)
  end
end

local function start_bucket(tree, ordinal)
  local links = bucket_key(tree, 'l', ordinal)
  redis.call('HSET', links, 0, 0)
  keep_key(tree, links)
  keep_key(tree, bucket_key(tree, 'h', ordinal))
end

-- Writes the tree back. New hops stand in tree.fresh (ordinals), what changed in dirty and siblings.
local function flush_tree(tree)
  local name = tree.name
  for n = 1, #tree.fresh do
    local ordinal = tree.fresh[n]
    local static = tree.statics[ordinal]
    redis.call('HSET', base .. 'i' .. name, static[1], int(ordinal))
    redis.call('HSET', bucket_key(tree, 'h', ordinal), int(ordinal), cmsgpack.pack(static))
    if ordinal % BUCKET == 0 or ordinal == 1 then
      start_bucket(tree, ordinal)
    end
  end
  for before, after in pairs(tree.siblings) do
    redis.call('HSET', bucket_key(tree, 'l', before), int(before), int(after))
  end
  local lives = {}
  for ordinal in pairs(tree.dirty) do
    lives[#lives + 1] = int(ordinal)
    lives[#lives + 1] = pack_live(tree.lives[ordinal])
  end
  if #lives > 0 then
    redis.call('HSET', key_for(tree, 'v'), unpack(lives))
  end
  redis.call('HSET', base .. 't' .. name, 'm', cmsgpack.pack(tree.m))
  local unkept = tree.unkept or ''
  for n = 1, #unkept do
    keep_key(tree, base .. string.sub(unkept, n, n) .. name)
  end
  tree.dirty, tree.fresh, tree.siblings, tree.unkept = {}, {}, {}, nil
end
