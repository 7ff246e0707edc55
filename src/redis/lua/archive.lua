--- @include lib/keys
--[[
Notes that lines are kept elsewhere and nobody looks for them here any more, unless somebody else noted as much. Runs in partition 0.

ARGV 5 number of the last line, then partition and its last line of these, ...
Reply ok
]]
if tonumber(ARGV[5]) > tonumber(redis.call('HGET', base .. 'archived', 'n') or 0) then
  redis.call('HSET', base .. 'archived', 'n', ARGV[5])
  for n = 6, #ARGV, 2 do
    redis.call('HSET', base .. 'archived', 'p' .. ARGV[n], ARGV[n + 1])
  end
end
return { 'ok' }
