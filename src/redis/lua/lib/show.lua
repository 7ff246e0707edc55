--[[
What others see of a hop and a tree, as flat lists of texts; `src/redis/shown.ts` reads them.
]]

-- The tally that counts for a hop: its own, or that of the newest that took its place.
local function tally_of(tree, ordinal)
  local live = live_of(tree, ordinal)
  while live[15] ~= 0 do
    live = live_of(tree, live[15])
  end
  return live
end

-- 'EUR=9.50,USD=1', or ''.
local function spend_text(spend)
  if not spend then
    return ''
  end
  local parts = {}
  for n = 1, #spend, 2 do
    parts[#parts + 1] = spend[n] .. '=' .. spend[n + 1]
  end
  return table.concat(parts, ',')
end

-- {digest, json} of an authority. Many hops share one, so each is read once.
local authorities = {}

local function authority_of(ref)
  local known = authorities[ref]
  if known == nil then
    known = cmsgpack.unpack(redis.call('HGET', base .. 'ga', int(ref)))
    authorities[ref] = known
  end
  return known
end

-- 17 texts and numbers: id, parent or '', depth, agent, flags, holder, authority's digest, state, createdAt, expiresAt, predecessor or '',
-- position, calls, children, descendants, spend, ordinal. A reply takes numbers as they are; to make text of each would take longer.
local function show_hop(tree, ordinal, into)
  local static = static_of(tree, ordinal)
  local tally = tally_of(tree, ordinal)
  local parent = static[2] ~= 0 and static_of(tree, static[2])[1] or ''
  local predecessor = static[14] or (static[11] ~= 0 and static_of(tree, static[11])[1]) or ''
  local n = #into
  into[n + 1] = static[1]
  into[n + 2] = parent
  into[n + 3] = static[3]
  into[n + 4] = static[4]
  into[n + 5] = static[10]
  into[n + 6] = static[5]
  into[n + 7] = authority_of(static[6])[1]
  into[n + 8] = own_state(tree, ordinal)
  into[n + 9] = static[7]
  into[n + 10] = static[8]
  into[n + 11] = predecessor
  into[n + 12] = static[9]
  into[n + 13] = tally[5]
  into[n + 14] = tally[3]
  into[n + 15] = tally[4]
  into[n + 16] = spend_text(tally[13])
  into[n + 17] = ordinal
  return into
end

-- 8 texts: id, issuer, subject, trigger, createdAt, expiresAt, lease until or '', lease state or ''.
local function show_tree(tree, into)
  local n = #into
  into[n + 1] = tree.id
  into[n + 2] = tree.s[1]
  into[n + 3] = tree.s[2]
  into[n + 4] = tree.s[3]
  into[n + 5] = int(tree.s[4])
  into[n + 6] = int(tree.s[5])
  into[n + 7] = tree.m[6] ~= '' and int(tree.m[5]) or ''
  into[n + 8] = has_lapsed(tree) and 'lapsed' or tree.m[6]
  return into
end
