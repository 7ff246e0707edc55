--[[
Looks for a hop or a ticket in the trees of a tenant, some trees at a time, newest first.

ARGV 5 tenant, 6 'i' for a hop, 'q' for a ticket, 7 id, 8 '+inf', or '(' and where the last step ended
Reply ok, 'found', tree | ok, 'more', where it ended | ok, 'none'
]]
--- @include lib/world
--- @include lib/tree
--- @include lib/look

local STEP = 1000

local function look()
  begin_look()
  local list = redis.call('ZREVRANGEBYSCORE', base .. 'T' .. ARGV[5], ARGV[8], '-inf', 'WITHSCORES', 'LIMIT', 0, STEP)
  for n = 1, #list, 2 do
    if redis.call('HEXISTS', base .. ARGV[6] .. tree_name(ARGV[5], list[n]), ARGV[7]) == 1 then
      return { 'ok', 'found', list[n] }
    end
  end
  if #list < 2 * STEP then
    return { 'ok', 'none' }
  end
  return { 'ok', 'more', list[#list] }
end

return guarded(look)
