--- @include lib/keys
--- @include lib/tree
--[[
Notes under the name of its agent, and of its principal, in which trees hops were made that lines of the audit log tell of. What a record
says counts, not what a line says; a tree that is gone is left out. Goes on only from where the last one ended.

ARGV 5 line up to which lines were looked at, 6 up to which they are by now, 7 '' or, where all begins anew, the line that comes before the
     first one, 8 with it: its time (epoch ms), then tenant, tree, hop, ...
Reply ok, '1', or '0' when somebody else went on meanwhile
Hash names: seq, after (the line before the first one that was looked at), at (that one's time). Zset N<net(tenant, kind, name ...)>: trees by opening, as in T.
]]
local KEPT = 93 * 86400 -- LIFETIME_MS_MAX and what trees are kept beyond it, in seconds

local function note(key, opened, tree, oldest)
  redis.call('ZADD', key, opened, tree)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', oldest)
  redis.call('PEXPIRE', key, KEPT * 1000)
end

local seq = redis.call('HGET', base .. 'names', 'seq') or '0'
if seq ~= ARGV[5] then
  return { 'ok', '0' }
end
local oldest = int((redis.call('TIME')[1] - KEPT) * 1000000)
for n = 9, #ARGV, 3 do
  local tenant, id = ARGV[n], ARGV[n + 1]
  local opened = redis.call('ZSCORE', base .. 'T' .. tenant, id)
  local tree = opened and read_tree(tenant, id)
  local ordinal = tree and find_ordinal(tree, ARGV[n + 2])
  if ordinal then
    note(base .. 'N' .. net(tenant, 'agent', static_of(tree, ordinal)[4]), opened, id, oldest)
    note(base .. 'N' .. net(tenant, 'principal', tree.s[1], tree.s[2]), opened, id, oldest)
  end
end
if ARGV[7] ~= '' then
  redis.call('HSET', base .. 'names', 'after', ARGV[7], 'at', ARGV[8])
end
redis.call('HSET', base .. 'names', 'seq', ARGV[6])
return { 'ok', '1' }
