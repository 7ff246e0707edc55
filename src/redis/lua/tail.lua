--- @include lib/keys
--[[
What a follower asks a log of cuts: whether it is the one that was followed, and what came after the cursor. Changes nothing.

ARGV 1 cursor: the last position that was read, or '' for none yet ; 2 entries at most
Reply ok, generation, epoch, position, chain, at of the last heartbeat, its position, its epoch,
      the entry at the cursor or '', list of the entries after it, each as the doorbell tells it (feed.lua)
]]
local cursor, max = ARGV[1], ARGV[2]
local m = redis.call('HMGET', base .. 'm', 'generation', 'epoch', 'position', 'chain')
local hb = redis.call('HMGET', base .. 'hb', 'at', 'position', 'epoch')
local here, after = '', {}
if cursor ~= '' then
  local id = cursor .. '-1'
  local found = redis.call('XRANGE', base .. 'feed', id, id)
  if #found > 0 then
    here = found[1][2][2]
  end
  for n, entry in ipairs(redis.call('XRANGE', base .. 'feed', '(' .. id, '+', 'COUNT', max)) do
    after[n] = entry[2][2]
  end
end
return { 'ok', m[1] or '', m[2] or '0', m[3] or '0', m[4] or '',
  hb[1] or '0', hb[2] or '0', hb[3] or '0', here, after }
