--- @include lib/keys
--[[
The owner of a partition began another life: a new epoch of its log of cuts, far above any position that the last life may have given
and lost, so that no position ever stands for two entries.

ARGV 1 life of the shard, as its connection was told ; 2 now, or '' for the server's own time
Reply ok, epoch
Hash m: life, epoch, taken (when the last one before it ended, as far as this one knows; 0 for the first).
]]
local STRIDE = 16777216
local life, now = ARGV[1], ARGV[2]
local m = redis.call('HMGET', base .. 'm', 'life', 'epoch', 'position')
if m[1] == life then
  return { 'ok', m[2] }
end
local epoch = (tonumber(m[2]) or 0) + 1
if now == '' then
  local time = redis.call('TIME')
  now = int(time[1] * 1000 + math.floor(time[2] / 1000))
end
redis.call('HSET', base .. 'm', 'life', life, 'epoch', epoch, 'taken', m[1] and now or 0)
if m[1] then
  redis.call('HSET', base .. 'm', 'position', int((tonumber(m[3]) or 0) + STRIDE))
end
return { 'ok', tostring(epoch) }
