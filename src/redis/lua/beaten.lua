--- @include lib/keys
--[[
Second half of a heartbeat: a quorum has the first, so guards are told.

ARGV 1 life of the shard ; 2 at ; 3 position ; 4 generation ; 5 epoch ; 6 chain: as the first half answered them
     7 '' or 'untold': it counts for whoever asked, and nothing is written
Reply ok | refused, fenced
Payload of the channel bell: 'h', epoch, chain, position, at, generation, with a blank between them. Hash hb: at, position, epoch.
]]
local m = redis.call('HMGET', base .. 'm', 'life', 'epoch')
if m[1] ~= ARGV[1] or m[2] ~= ARGV[5] then
  return { 'refused', 'fenced', '', '', '' }
end
if ARGV[7] == 'untold' then
  return { 'ok' }
end
if tonumber(ARGV[2]) > (tonumber(redis.call('HGET', base .. 'hb', 'at')) or 0) then
  redis.call('HSET', base .. 'hb', 'at', ARGV[2], 'position', ARGV[3], 'epoch', ARGV[5])
end
redis.call('SPUBLISH', base .. 'bell',
  table.concat({ 'h', ARGV[5], ARGV[6], ARGV[3], ARGV[2], ARGV[4] }, ' '))
return { 'ok' }
