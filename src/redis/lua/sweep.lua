--[[
sweep: cuts the trees whose lease was due, and cleans up what nobody can need any more.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5 how many trees at most
Reply {'ok', trees cut, trees that remain due}
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts

local FEED_LENGTH = 100000
local CLEANED = 500

local function lapse(name)
  local _, last, length = string.find(name, '^(%d+):')
  local tenant = string.sub(name, last + 1, last + tonumber(length))
  local tree = read_tree(tenant, string.sub(name, last + tonumber(length) + 2))
  redis.call('ZREM', base .. 'lease', name)
  if tree == nil then
    return false
  end
  tree.m[6] = next_state('lease', tree.m[6], 'lapse')
  world.entries, world.cuts = {}, nil
  log_cut(tenant, tree, false, 'tree', tree.id)
  local event = '{"by":"system","kind":"lease.lapsed","tenant":' .. quoted(tenant) .. ',"tree":' .. quoted(tree.id) .. '}'
  write_line(tree, event, facts_json('', ''))
  flush_tree(tree)
  return true
end

-- Entries that can cover no living token, authorities that no hop needs, and the part of the feed that snapshots replace.
local function clean()
  local over = '(' .. int(world.at)
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', base .. 'until', '-inf', over, 'LIMIT', 0, CLEANED)) do
    local known = redis.call('HGET', base .. 'c', key)
    if known then
      local position = cmsgpack.unpack(known)[1]
      redis.call('ZREMRANGEBYSCORE', base .. 'cuts', position, position)
      redis.call('HDEL', base .. 'c', key)
    end
    redis.call('ZREM', base .. 'until', key)
  end
  for _, ref in ipairs(redis.call('ZRANGEBYSCORE', base .. 'ge', '-inf', over, 'LIMIT', 0, CLEANED)) do
    local known = redis.call('HGET', base .. 'ga', ref)
    if known then
      redis.call('HDEL', base .. 'g', cmsgpack.unpack(known)[1])
      redis.call('HDEL', base .. 'ga', ref)
    end
    redis.call('ZREM', base .. 'ge', ref)
  end
  redis.call('XTRIM', base .. 'feed', 'MAXLEN', '~', FEED_LENGTH)
end

local function move()
  begin()
  local lapsed = 0
  local due = redis.call('ZRANGEBYSCORE', base .. 'lease', '-inf', int(world.at), 'LIMIT', 0, ARGV[5])
  for n = 1, #due do
    if lapse(due[n]) then
      lapsed = lapsed + 1
    end
  end
  clean()
  finish()
  return { 'ok', lapsed, redis.call('ZCOUNT', base .. 'lease', '-inf', int(world.at)) }
end

return guarded(move)
