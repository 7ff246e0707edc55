--[[
How much a partition keeps.

Reply ok, generation, position, hops, trees, cuts that live, number of the last audit line
]]
--- @include lib/world
--- @include lib/look

local function look()
  begin_look()
  local m = redis.call('HMGET', base .. 'm', 'generation', 'position', 'hops', 'trees', 'seq')
  local cuts = redis.call('ZCARD', base .. 'cuts') - redis.call('ZCOUNT', base .. 'until', '-inf', int(world.at))
  return { 'ok', m[1], m[2], m[3], m[4], cuts, m[5] }
end

return guarded(look)
