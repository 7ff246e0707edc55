--[[
Names of a tenant's trees, newest first.

ARGV 5 tenant, 6 '+inf', or the highest score that is wanted ('(' in front: below it), 7 how many
Reply ok, how many there are in all, tree, score, ...
]]
--- @include lib/world
--- @include lib/look

local function look()
  begin_look()
  local list = redis.call('ZREVRANGEBYSCORE', base .. 'T' .. ARGV[5], ARGV[6], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[7])
  local reply = { 'ok', redis.call('ZCARD', base .. 'T' .. ARGV[5]) }
  for n = 1, #list, 2 do
    reply[n + 2] = list[n]
    reply[n + 3] = int(tonumber(list[n + 1]))
  end
  return reply
end

return guarded(look)
