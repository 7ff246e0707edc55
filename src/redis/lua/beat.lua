--- @include lib/keys
--[[
First half of a heartbeat: what it will say once a quorum has it. Tells guards nothing yet.

ARGV 1 life of the shard ; 2 now, or '' for the server's own time ; 3 id of the coordinator, or '' for a guard that asks
     4 epoch in which that coordinator has said again all that its outbox holds ; 5 age in ms of the last heartbeat below which none is
     due, 0 when one is asked for ; 6 how long a coordinator counts as running after its last word, ms ; 7 how long after a
     take-over nobody speaks, so that all who run have come forward, ms ; 8 '' or 'untold': who asks may write nothing but the clock
Reply ok, 'beat', at, position, generation, epoch, chain | ok, 'due' | ok, 'quiet' | ok, 'repair', epoch | refused, fenced
Hash run: id of a coordinator -> <epoch said>:<until when it counts as running>.
]]
local life, own, who, said = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local young, lasting, grace = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local m = redis.call('HMGET', base .. 'm',
  'life', 'epoch', 'taken', 'generation', 'position', 'chain', 'clock')
if m[1] ~= life then
  return { 'refused', 'fenced', '', '', '' }
end
if not m[4] then
  return { 'refused', 'unstarted', '', '', 'partition was never started' }
end
if own == '' then
  local time = redis.call('TIME')
  own = time[1] * 1000 + math.floor(time[2] / 1000)
end
local at = math.max(tonumber(own), tonumber(m[7]) or 0)
local epoch = tonumber(m[2])

if who ~= '' then
  redis.call('HSET', base .. 'run', who, int(said) .. ':' .. int(at + lasting))
end
local waiting = at < tonumber(m[3]) + grace
local all = redis.call('HGETALL', base .. 'run')
for n = 1, #all, 2 do
  local reached, till = string.match(all[n + 1], '^(%d+):(%d+)$')
  if tonumber(till) < at then
    if ARGV[8] ~= 'untold' then
      redis.call('HDEL', base .. 'run', all[n])
    end
  elseif tonumber(reached) < epoch then
    waiting = true
  end
end
if waiting then
  return { 'ok', 'repair', m[2] }
end

if #redis.call('ZRANGEBYSCORE', base .. 'lease', '-inf', int(at), 'LIMIT', 0, 1) > 0 then
  return { 'ok', 'due' }
end
if at - (tonumber(redis.call('HGET', base .. 'hb', 'at')) or 0) < young then
  return { 'ok', 'quiet' }
end
redis.call('HSET', base .. 'm', 'clock', int(at))
return { 'ok', 'beat', int(at), m[5], m[4], m[2], m[6] }
