--- @include lib/keys
--[[
What guards reported last, as far as it still counts. Changes nothing.

ARGV 1 now, or '' for the server's own time
Reply ok, list of {name, at, JSON}
]]
local now = ARGV[1]
if now == '' then
  local time = redis.call('TIME')
  now = int(time[1] * 1000 + math.floor(time[2] / 1000))
end
local told = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', base .. 'heard', '(' .. now, '+inf')) do
  local packed = redis.call('HGET', base .. 'guards', name)
  if packed then
    local report = cmsgpack.unpack(packed)
    told[#told + 1] = { name, report[1], report[2] }
  end
end
return { 'ok', told }
