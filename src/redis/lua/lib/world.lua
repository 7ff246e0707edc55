--- @include lib/keys
--- @include lib/refuse
--[[
The partition: its clock, its counters, its log of audit lines.

Every move's ARGV begins with: 1 the caller's now (epoch ms), 2 tolerance (ms), 3 the store's own now where the caller brings it (tests)
or '', 4 digest of the transition tables, a blank, and the life of the shard (take-over.lua).

Hash m: generation, partitions, digest, table (rows: ';state>event=next;', all machines), tolerance; clock (high-water mark of the own
clock), seq and link (last audit line), position and chain (last cut), hops, trees, opened (trees ever), refs (authorities ever),
unmarked (there until the first cut beyond one tree: while it is, no tenant has marks).

A line of `log` has one field e: link (24 hex characters of SHA-1 over the link before and the rest), then packed
  {at, n, event, facts}   n: order in its tree, 0 for none; event: canonical JSON as the caller drafted it; facts: JSON of members that
                          the store writes over it (its `data` is merged), or ''.
]]
local world

local LINK = 24

-- The own clock, which never goes behind what it showed before.
local function own_clock(before)
  local own = ARGV[3]
  if own == '' then
    local time = redis.call('TIME')
    own = time[1] * 1000 + math.floor(time[2] / 1000)
  else
    own = tonumber(own)
  end
  if before ~= nil and before > own then
    return before
  end
  return own
end

-- Reads the partition and settles the instant: the later of the two clocks. @refuses clock_skewed, config_invalid;
-- unstarted, fenced (which stay inside: whoever asked starts it or takes over, and asks again)
local function begin()
  local m = redis.call('HMGET', base .. 'm', 'digest', 'clock', 'seq', 'link', 'position', 'chain', 'hops', 'life')
  if not m[1] then
    refuse('unstarted', 'partition was never started')
  end
  local digest, life = string.match(ARGV[4], '^(%S+) ?(.*)$')
  if m[1] ~= digest then
    refuse('config_invalid', 'store was made by other state machines', nil, 'lifecycle')
  end
  if life ~= '' and life ~= m[8] then
    refuse('fenced', 'the partition knows of another life')
  end
  local own = own_clock(tonumber(m[2]))
  local now = tonumber(ARGV[1])
  local tolerance = tonumber(ARGV[2])
  if now == nil or not (math.abs(now - own) <= tolerance) then
    refuse('clock_skewed', "caller's clock is too far from the store's")
  end
  world = {
    at = math.max(now, own),
    own = own,
    tolerance = tolerance,
    seq = tonumber(m[3]),
    link = m[4],
    position = tonumber(m[5]),
    chain = m[6],
    hops = tonumber(m[7]),
    entries = {},
  }
  return world
end

-- Writes one audit line; `tree` is the record that it belongs to, or nil.
local function write_line(tree, event, facts)
  local n = 0
  world.seq = world.seq + 1
  if tree then
    n = tree.m[2] + 1
    tree.m[2] = n
    redis.call('RPUSH', base .. 'a' .. tree.name, int(world.seq))
  end
  local body = cmsgpack.pack({ world.at, n, event, facts or '' })
  world.link = string.sub(redis.sha1hex(world.link .. body), 1, LINK)
  redis.call('XADD', base .. 'log', int(world.seq) .. '-1', 'e', world.link .. body)
end

-- Writes the partition back: the last thing that a move does.
local function finish()
  redis.call('HSET', base .. 'm', 'clock', int(world.own), 'seq', int(world.seq), 'link', world.link,
    'position', int(world.position), 'chain', world.chain, 'hops', int(world.hops))
end
