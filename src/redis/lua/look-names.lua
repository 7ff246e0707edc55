--[[
How far the names of a partition's hops and principals are indexed (index-names.lua).

Reply ok, last line of the log, up to which line they are, the line before the first one that was looked at, time of that one
]]
--- @include lib/world
--- @include lib/look

local function look()
  begin_look()
  local found = redis.call('HMGET', base .. 'names', 'seq', 'after', 'at')
  return { 'ok', redis.call('HGET', base .. 'm', 'seq'), found[1] or '0', found[2] or '0', found[3] or '0' }
end

return guarded(look)
