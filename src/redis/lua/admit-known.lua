--[[
admit-known: admit in its plain case (lib/quick-admit.lua), for a caller who knows what never changes about the chain: a guard is shown the
same chain call after call. That was told by a quick admit, and counts only in the life and the generation that told it.

It writes to the byte what admit would write; at the first doubt it writes nothing, and the caller runs admit. It refuses nothing.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5 life and 6 generation that told of the chain, 7 tenant, 8 T (lib/keys.lua), 9 position that the
     guard has seen, 10 event, 11 soonest expiry of the chain, 12 facts up to the position, 13- ordinals of the chain, root first
Reply ok, position, number of the line; ok alone when admit has to judge it
]]
local HEAD, HEAD_BYTES = '>I4I4I4I4I6', 22
local base, call, unpacked, packed, text, name = KEYS[1], redis.call, cmsgpack.unpack, cmsgpack.pack, string.format, ARGV[8]
local now, own, seen, soonest = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[9]), tonumber(ARGV[11])

local w = call('HMGET', base .. 'm', 'digest', 'life', 'generation', 'clock', 'seq', 'link', 'position', 'unmarked')
if not (w[1] and w[2] == ARGV[5] and w[3] == ARGV[6] and w[1] .. ' ' .. w[2] == ARGV[4] and now and seen and soonest
  and seen <= tonumber(w[7])) then
  return { 'ok' }
end
local m = call('HGET', base .. 't' .. name, 'm')
if not m or not (w[8] or call('EXISTS', base .. 'S' .. ARGV[7]) == 0) then
  return { 'ok' }
end
if own == nil then
  local time = call('TIME')
  own = time[1] * 1000 + math.floor(time[2] / 1000)
end
own = math.max(own, tonumber(w[4]))
local at = math.max(now, own)
m = unpacked(m)
-- As lib/quick-admit.lua has it: not cut, nothing noted of what was not seen, lease held, all in their time.
if not (math.abs(now - own) <= tonumber(ARGV[2]) and m[4] == 0 and (m[6] == '' or (m[6] == 'held' and m[5] > at)) and m[11] > at
  and soonest > at) then
  return { 'ok' }
end
local lives = call('HMGET', base .. 'v' .. name, unpack(ARGV, 13))
local written, last = {}, 0
for n = 1, #lives do
  local kept = lives[n]
  if kept and #kept > HEAD_BYTES then
    local rest = string.sub(kept, HEAD_BYTES + 1)
    local live = unpacked(rest)
    if live[1] ~= 'active' or live[2] ~= 0 then
      return { 'ok' }
    end
    if live[7] or live[9] then
      local children, descendants, first, newest, calls = struct.unpack(HEAD, kept)
      if live[7] and calls + 1 > live[7] then
        return { 'ok' }
      end
      written[last + 1], written[last + 2] = ARGV[12 + n], struct.pack(HEAD, children, descendants, first, newest, calls + 1) .. rest
      last = last + 2
    end
  end
end
m[2] = m[2] + 1
local seq = text('%d', tonumber(w[5]) + 1)
local body = packed({ at, m[2], ARGV[10], ARGV[12] .. w[7] .. '}}' })
local link = string.sub(redis.sha1hex(w[6] .. body), 1, 24)
call('RPUSH', base .. 'a' .. name, seq)
call('XADD', base .. 'log', seq .. '-1', 'e', link .. body)
if last > 0 then
  call('HSET', base .. 'v' .. name, unpack(written))
end
call('HSET', base .. 't' .. name, 'm', packed(m))
call('HSET', base .. 'm', 'clock', text('%d', own), 'seq', seq, 'link', link)
return { 'ok', w[7], seq }
