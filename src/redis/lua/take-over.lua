--- @include lib/keys
--[[
The owner of a partition began another life: a new epoch of its log of cuts, far above any position that the last life may have given
and lost, so that no position ever stands for two entries.

ARGV 1 life of the shard, as its connection was told ; 2 now, or '' for the server's own time
Reply ok, epoch
Hash m: life, epoch, taken (when the last one before it ended, as far as this one knows; 0 for the first), since (position that it began
at); open: epoch in which what can be used up once may be (come-forward.lua): at once where there was no life to lose anything.
List lives: '<number of the last line that was there> <life>' of each, so that whoever wrote a line knows whether it was lost.
]]
local STRIDE, LIVES = 16777216, 256
local life, now = ARGV[1], ARGV[2]
local m = redis.call('HMGET', base .. 'm', 'life', 'epoch', 'position', 'seq')
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
  local since = int((tonumber(m[3]) or 0) + STRIDE)
  redis.call('HSET', base .. 'm', 'position', since, 'since', since)
else
  redis.call('HSET', base .. 'm', 'open', epoch)
end
redis.call('RPUSH', base .. 'lives', (m[4] or '0') .. ' ' .. life)
redis.call('LTRIM', base .. 'lives', -LIVES, -1)
return { 'ok', tostring(epoch) }
