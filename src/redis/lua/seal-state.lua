--- @include lib/keys
--[[
Where the whole log stands. Runs in partition 0.

Reply ok, lines in order, hash of the last or '', up to which they know their number, then partition and its last line, ...
]]
local all = redis.call('HGETALL', base .. 'sealed')
local reply = { 'ok', '0', '', '0' }
for n = 1, #all, 2 do
  local field, value = all[n], all[n + 1]
  if field == 'count' then
    reply[2] = value
  elseif field == 'tip' then
    reply[3] = value
  elseif field == 'done' then
    reply[4] = value
  else
    reply[#reply + 1] = string.sub(field, 2)
    reply[#reply + 1] = value
  end
end
return reply
