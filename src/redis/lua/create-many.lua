--[[
create-many: makes the hops of many drafts, each as create would, where that is plain (lib/quick-create.lua), and leaves the others to it.

What drafts have in common is read and written once. A draft sees the hops that those before it made. Nothing is written before all were
judged.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), then drafts of 20 each (lib/make.lua), of any trees of the partition, none with its authority's JSON
Reply {'ok', position, then for each draft 1 when it was made: active, without counts or a predecessor; 0 when create has to judge it}
]]
local HEAD, HEAD_BYTES, EMPTY = '>I4I4I4I4I6', 22, string.rep('\0', 22)
local base, call, unpacked, packed, text, floor = KEYS[1], redis.call, cmsgpack.unpack, cmsgpack.pack, string.format, math.floor

local w = call('HMGET', base .. 'm', 'digest', 'life', 'clock', 'seq', 'link', 'position', 'hops')
local fits = w[1] and w[2] and w[1] .. ' ' .. w[2] == ARGV[4]
local own, tolerance = tonumber(ARGV[3]), tonumber(ARGV[2])
if own == nil then
  local time = call('TIME')
  own = time[1] * 1000 + floor(time[2] / 1000)
end
own = math.max(own, tonumber(w[3] or 0))
local seq, link, position, made = tonumber(w[4] or 0), w[5], tonumber(w[6] or 0), 0
local trees, authorities, lines = {}, {}, {}

-- What is known of a tree in which nothing stands against anything, or false.
local function read_tree(from)
  local tenant = ARGV[from]
  local name = text('%d', #tenant) .. ':' .. tenant .. ':' .. ARGV[from + 1]
  local tree = trees[name]
  if tree == nil then
    local m = call('HGET', base .. 't' .. name, 'm')
    m = m and unpacked(m)
    tree = m and m[4] == 0 and string.find(m[10], 'v', 1, true) and call('EXISTS', base .. 'S' .. tenant) == 0 and {
      name = name, m = m, asked = {}, ids = {}, statics = {}, lives = {}, changed = {},
      lines = {}, names = {}, records = {}, links = {}, slots = {}, taken = {},
    } or false
    trees[name] = tree
  end
  return tree
end

local function ends_of(digest)
  local known = authorities[digest]
  if known == nil then
    known = call('HGET', base .. 'g', digest)
    known = known and unpacked(known)
    authorities[digest] = known
  end
  return known
end

local function static_of(tree, ordinal)
  local known = tree.statics[ordinal]
  if known == nil then
    local named = text('%d', ordinal)
    known = unpacked(call('HGET', base .. 'h' .. text('%d', floor(ordinal / 64)) .. ':' .. tree.name, named))
    tree.statics[ordinal] = known
  end
  return known
end

-- {children, descendants, first, last, calls, the rest as it is kept, the rest or false, ordinal as text}
local function load_lives(tree, chain)
  local missing, names = {}, {}
  for n = 1, #chain do
    if tree.lives[chain[n]] == nil then
      missing[#missing + 1], names[#names + 1] = chain[n], text('%d', chain[n])
    end
  end
  if #missing == 0 then
    return
  end
  local found = call('HMGET', base .. 'v' .. tree.name, unpack(names))
  for n = 1, #missing do
    local kept = found[n] or EMPTY
    local children, descendants, first, last, calls = struct.unpack(HEAD, kept)
    local rest = string.sub(kept, HEAD_BYTES + 1)
    tree.lives[missing[n]] = { children, descendants, first, last, calls, rest, rest ~= '' and unpacked(rest), names[n] }
  end
end

-- Whether one more hop fits below all of these, and nothing stands against them.
local function is_free(tree, chain)
  for n = 1, #chain do
    local live = tree.lives[chain[n]]
    local told = live[7]
    if told and (told[1] ~= 'active' or told[2] ~= 0 or (told[6] and live[2] >= told[6])
      or (n == #chain and told[5] and live[1] >= told[5])) then
      return false
    end
  end
  return true
end

local function note(list, key, field, value)
  local known = list[key]
  if known == nil then
    list[key] = { field, value }
  else
    local count = #known
    known[count + 1], known[count + 2] = field, value
  end
end

local function limits_of(from)
  if ARGV[from + 16] == ',,' and ARGV[from + 17] == '' then
    return nil
  end
  local most, under, calls = string.match(ARGV[from + 16], '^(%d*),(%d*),(%d*)$')
  local spend = false
  if ARGV[from + 17] ~= '' then
    spend = {}
    for currency, amount in string.gmatch(string.sub(ARGV[from + 17], 2), '([^,=]+)=([^,=]+)') do
      spend[#spend + 1] = currency
      spend[#spend + 1] = amount
    end
  end
  return { 'active', 0, 0, 0, tonumber(most) or false, tonumber(under) or false, tonumber(calls) or false, false, spend, 0, false }
end

-- Counts the new hop wherever it is counted, and hangs it behind the last child.
local function hang(tree, chain, ordinal, named)
  for n = 1, #chain do
    local live = tree.lives[chain[n]]
    live[2] = live[2] + 1
    tree.changed[chain[n]] = live
  end
  local up = tree.lives[chain[#chain]]
  if up[4] ~= 0 then
    note(tree.links, floor(up[4] / 64), text('%d', up[4]), named)
  else
    up[3] = ordinal
  end
  up[1], up[4] = up[1] + 1, ordinal
end

local function plant(tree, from, at, parent, chain, ref, slot)
  local m, above = tree.m, static_of(tree, parent)
  local ordinal, expires = m[1] + 1, tonumber(ARGV[from + 11])
  local named = text('%d', ordinal)
  m[1], m[2] = ordinal, m[2] + 1
  local static = {
    ARGV[from + 2], parent, above[3] + 1, ARGV[from + 5], ARGV[from + 7], ref, tonumber(ARGV[from + 10]), expires, position,
    tonumber(ARGV[from + 6]), 0, math.min(expires, above[12]), chain,
  }
  tree.statics[ordinal] = static
  tree.ids[static[1]] = named
  note(tree.records, floor(ordinal / 64), named, packed(static))
  hang(tree, chain, ordinal, named)
  local limits = limits_of(from)
  local live = { 0, 0, 0, 0, 0, limits and packed(limits) or '', limits, named }
  tree.lives[ordinal] = live
  if limits then
    tree.changed[ordinal] = live
  end
  if slot then
    tree.taken[slot] = true
    note(tree.slots, 1, slot, packed({ ARGV[from + 15], ordinal }))
  end
  seq, made = seq + 1, made + 1
  local body = packed({ at, m[2], ARGV[from + 18], '' })
  link = string.sub(redis.sha1hex(link .. body), 1, 24)
  local count, number = #lines, text('%d', seq)
  lines[count + 1], lines[count + 2] = number .. '-1', link .. body
  tree.names[#tree.names + 1] = static[1]
  tree.names[#tree.names + 1] = named
  tree.lines[#tree.lines + 1] = number
end

-- Makes one hop where that is plain. The conditions are those of lib/quick-create.lua.
local function make(from)
  local tree = read_tree(from)
  local now, expires, seen = tonumber(ARGV[from + 19]), tonumber(ARGV[from + 11]), tonumber(ARGV[from + 13])
  local found = tree and ARGV[from + 3] ~= '' and tree.ids[ARGV[from + 3]]
  local authority = ends_of(ARGV[from + 8])
  if not (found and authority and now and expires and seen) or tree.ids[ARGV[from + 2]] or ARGV[from + 12] ~= 'active' then
    return 0
  end
  local m, at, parent = tree.m, math.max(now, own), tonumber(found)
  local key, slot = ARGV[from + 14], nil
  if not (math.abs(now - own) <= tolerance and (m[6] == '' or (m[6] == 'held' and m[5] > at)) and m[11] > at and expires <= m[3]
    and seen >= 0 and seen <= position and authority[2] >= m[7]) then
    return 0
  end
  if key ~= '' then
    slot = found .. ':' .. string.sub(key, 2)
    if not string.find(m[10], 'k', 1, true) or tree.taken[slot] or call('HEXISTS', base .. 'k' .. tree.name, slot) == 1 then
      return 0
    end
  end
  local static = static_of(tree, parent)
  if not (static[12] > at and tonumber(ARGV[from + 4]) == static[3] + 1 and static[3] + 1 < 64) then
    return 0
  end
  local chain = {}
  for n = 1, #static[13] do
    chain[n] = static[13][n]
  end
  chain[#chain + 1] = parent
  load_lives(tree, chain)
  if not is_free(tree, chain) then
    return 0
  end
  plant(tree, from, at, parent, chain, authority[1], slot)
  return 1
end

-- The records of a bucket that begins here, and the links beside them, are kept as long as the tree.
local function keep_bucket(tree, bucket)
  local left = text('%d', math.max(1, tree.m[7] - own))
  call('HSET', base .. 'l' .. bucket, '0', '0')
  call('PEXPIRE', base .. 'l' .. bucket, left)
  call('PEXPIRE', base .. 'h' .. bucket, left)
end

local function write_tree(tree)
  local name, lives = tree.name, {}
  call('RPUSH', base .. 'a' .. name, unpack(tree.lines))
  call('HSET', base .. 'i' .. name, unpack(tree.names))
  for n, list in pairs(tree.records) do
    local bucket = text('%d', n) .. ':' .. name
    call('HSET', base .. 'h' .. bucket, unpack(list))
    if list[1] == text('%d', 64 * n) then
      keep_bucket(tree, bucket)
    end
  end
  for n, list in pairs(tree.links) do
    call('HSET', base .. 'l' .. text('%d', n) .. ':' .. name, unpack(list))
  end
  for _, live in pairs(tree.changed) do
    local count = #lives
    lives[count + 1], lives[count + 2] = live[8], struct.pack(HEAD, live[1], live[2], live[3], live[4], live[5]) .. live[6]
  end
  call('HSET', base .. 'v' .. name, unpack(lives))
  if tree.slots[1] then
    call('HSET', base .. 'k' .. name, unpack(tree.slots[1]))
  end
  call('HSET', base .. 't' .. name, 'm', packed(tree.m))
end

local reply = { 'ok', w[6] or '0' }
for from = 5, #ARGV, 20 do
  local tree = fits and read_tree(from)
  if tree then
    tree.asked[#tree.asked + 1] = ARGV[from + 3]
    tree.asked[#tree.asked + 1] = ARGV[from + 2]
  end
end
for _, tree in pairs(trees) do
  if tree then
    local found = call('HMGET', base .. 'i' .. tree.name, unpack(tree.asked))
    for n = 1, #found do
      tree.ids[tree.asked[n]] = found[n]
    end
  end
end
for from = 5, #ARGV, 20 do
  reply[#reply + 1] = fits and make(from) or 0
end
if made > 0 then
  for n = 1, #lines, 2 do
    call('XADD', base .. 'log', lines[n], 'e', lines[n + 1])
  end
  for _, tree in pairs(trees) do
    if tree and #tree.lines > 0 then
      write_tree(tree)
    end
  end
  call('HSET', base .. 'm', 'clock', text('%d', own), 'seq', text('%d', seq), 'link', link, 'hops', text('%d', tonumber(w[7]) + made))
end
return reply
