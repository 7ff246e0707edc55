--[[
Trees that stand under a name in the index (index-names.lua), newest first.

ARGV 5 tenant, 6 '+inf', or the highest score that is wanted ('(' in front: below it), 7 how many, 8 ... kind and name
Reply ok, how many there are in all, tree, score, ...
]]
--- @include lib/world
--- @include lib/look

local function look()
  begin_look()
  local key = base .. 'N' .. net(ARGV[5], unpack(ARGV, 8))
  local list = redis.call('ZREVRANGEBYSCORE', key, ARGV[6], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[7])
  local reply = { 'ok', redis.call('ZCARD', key) }
  for n = 1, #list, 2 do
    reply[n + 2] = list[n]
    reply[n + 3] = int(tonumber(list[n + 1]))
  end
  return reply
end

return guarded(look)
