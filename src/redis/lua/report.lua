--- @include lib/keys
--[[
A guard tells how far it has read, and what runs there.

ARGV 1 its name ; 2 its report as JSON, without the time ; 3 how long it counts, ms ; 4 now, or '' for the server's own time
Reply ok
Hash guards: name -> packed {at, JSON} ; zset heard: name by when the report ceases to count.
]]
local now = ARGV[4]
if now == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local lasting = tonumber(ARGV[3])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', base .. 'heard', '-inf', int(now), 'LIMIT', 0, 100)) do
  redis.call('HDEL', base .. 'guards', gone)
  redis.call('ZREM', base .. 'heard', gone)
end
redis.call('HSET', base .. 'guards', ARGV[1], cmsgpack.pack({ int(now), ARGV[2] }))
redis.call('ZADD', base .. 'heard', int(now + lasting), ARGV[1])
redis.call('PEXPIRE', base .. 'guards', int(lasting))
redis.call('PEXPIRE', base .. 'heard', int(lasting))
return { 'ok' }
