--- @include lib/keys
--[[
Notes that all lines up to this one know their number. Runs in partition 0.

ARGV 5 number
Reply ok
]]
if tonumber(ARGV[5]) > tonumber(redis.call('HGET', base .. 'sealed', 'done') or 0) then
  redis.call('HSET', base .. 'sealed', 'done', ARGV[5])
end
return { 'ok' }
