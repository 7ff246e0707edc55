--- @include lib/keys
--[[
How far the whole log was archived and forgotten. Runs in partition 0.

Reply ok, number of the last line that is gone or 0, then partition and its last line that is gone, ...
Hash archived: n, and p<partition>.
]]
local all = redis.call('HGETALL', base .. 'archived')
local reply = { 'ok', '0' }
for n = 1, #all, 2 do
  if all[n] == 'n' then
    reply[2] = all[n + 1]
  else
    reply[#reply + 1] = string.sub(all[n], 2)
    reply[#reply + 1] = all[n + 1]
  end
end
return reply
