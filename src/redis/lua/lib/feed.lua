--[[
The log of cuts: one entry more, one live entry for each key, a doorbell with the entry in it.

Field e of `feed`, and the payload of the channel `bell`: link (24 hex characters of SHA-1 over the link before and the JSON), a blank,
the entry's JSON (`wire/cut.ts`). `cuts` holds the bare JSON by position, `c` what is known of a key, `until` when it may go.
]]
local LIFETIME = 7776000000 -- LIFETIME_MS_MAX

local function quoted(text)
  return cjson.encode(text)
end

-- JSON of a boundary, its members in the order that the contract gives them.
local function boundary_json(kind, first, second)
  if kind == 'hop' or kind == 'below' then
    return '{"kind":"' .. kind .. '","tree":' .. quoted(first) .. ',"hop":' .. quoted(second) .. '}'
  elseif kind == 'tree' then
    return '{"kind":"tree","tree":' .. quoted(first) .. '}'
  elseif kind == 'agent' or kind == 'ban' then
    return '{"kind":"' .. kind .. '","agent":' .. quoted(first) .. '}'
  elseif kind == 'principal' then
    return '{"kind":"principal","issuer":' .. quoted(first) .. ',"subject":' .. quoted(second) .. '}'
  elseif kind == 'key' then
    return '{"kind":"key","thumbprint":' .. quoted(first) .. '}'
  end
  return '{"kind":"epoch"}'
end

local function boundary_key(tenant, kind, first, second)
  return net(tenant, kind, first or '', second or '')
end

-- What is noted of a key, packed, or false: asked once.
local noted = {}

local function note_of(key)
  if noted[key] == nil then
    noted[key] = redis.call('HGET', base .. 'c', key)
  end
  return noted[key]
end

-- The entry of a key, whether it is a standing cut's, and the id of the attempt that made it; nil where there is none.
local function find_entry(key)
  local known = note_of(key)
  if not known then
    return nil
  end
  local position, standing, attempt = unpack(cmsgpack.unpack(known))
  return redis.call('ZRANGEBYSCORE', base .. 'cuts', int(position), int(position))[1], standing, attempt
end

-- Appends an entry in place of an older one of the same key, which it covers; it lasts as long as the longer of the two.
-- head: JSON up to the position, tail: JSON after it, without `until`. Returns the entry's JSON.
local function append_entry(key, head, tail, ends, standing, attempt)
  world.position = world.position + 1
  local position = world.position
  local before = note_of(key)
  if before then
    local old, was_standing = unpack(cmsgpack.unpack(before))
    standing = standing or was_standing
    redis.call('ZREMRANGEBYSCORE', base .. 'cuts', int(old), int(old))
    local kept = ends and redis.call('ZSCORE', base .. 'until', key)
    if kept then
      ends = math.max(ends, tonumber(kept))
    end
  end
  local at = int(position)
  local json = head .. ',"position":' .. at .. tail
  if ends then
    json = json .. ',"until":' .. int(ends)
    redis.call('ZADD', base .. 'until', int(ends), key)
  end
  json = json .. '}'
  noted[key] = cmsgpack.pack({ position, standing or false, attempt or '' })
  redis.call('HSET', base .. 'c', key, noted[key])
  redis.call('ZADD', base .. 'cuts', at, json)
  world.chain = string.sub(redis.sha1hex(world.chain .. json), 1, 24)
  local told = world.chain .. ' ' .. json
  redis.call('XADD', base .. 'feed', at .. '-1', 'e', told)
  redis.call('SPUBLISH', base .. 'bell', told)
  world.entries[#world.entries + 1] = json
  return json
end

-- Logs a cut. tree: the record of the boundary's tree where there is one; standing: the same boundary again is no new cut; attempt: an
-- id by which a cut that was tried again is known.
local function log_cut(tenant, tree, standing, kind, first, second, attempt)
  local ends
  if kind ~= 'key' and kind ~= 'ban' then
    ends = (tree and tree.m[3] or world.at + LIFETIME) + world.tolerance
  end
  local boundary = boundary_json(kind, first, second)
  world.cuts = (world.cuts and world.cuts .. ',' or '') .. boundary
  local position = world.position + 1
  return append_entry(
    boundary_key(tenant, kind, first, second),
    '{"kind":"cut","id":"cut-' .. int(position) .. '","tenant":' .. quoted(tenant),
    ',"boundary":' .. boundary .. ',"at":' .. int(world.at),
    ends, standing, attempt)
end

-- Logs a suspension ('suspend') or its end ('lift').
local function log_suspension(tree, hop, kind, id)
  return append_entry(
    net(tree.tenant, kind, tree.id, id),
    '{"kind":"' .. kind .. '","id":' .. quoted(id) .. ',"tenant":' .. quoted(tree.tenant),
    ',"tree":' .. quoted(tree.id) .. ',"hop":' .. quoted(hop) .. ',"at":' .. int(world.at),
    tree.m[3] + world.tolerance)
end

-- Facts of an audit line as JSON. members: JSON of further members, with a comma behind each, or ''; data: the same within `data`.
-- What was cut, and at which position, is always in it.
local function facts_json(members, data)
  if #world.entries > 0 then
    data = data .. '"position":' .. int(world.position) .. ','
    if world.cuts then
      data = data .. '"cuts":[' .. world.cuts .. '],'
    end
  end
  if data ~= '' then
    members = members .. '"data":{' .. string.sub(data, 1, -2) .. '},'
  end
  return members == '' and '' or '{' .. string.sub(members, 1, -2) .. '}'
end
