--[[
create-known: create in its plain case (lib/quick-create.lua), for a caller who knows what never changes about the parent and its chain, and
under which short name the authority is kept: whoever delegates once mostly does so again. That was told by a quick create, and counts
only in the life and the generation that told it.

It writes to the byte what create would write; at the first doubt it writes nothing, and the caller runs create. It refuses nothing.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5 life and 6 generation that told of parent and authority, 7 tenant, 8 T (lib/keys.lua), 9 id,
     10 agent, 11 flags, 12 holder, 13 ref of the authority, 14 until when that is kept, 15 createdAt, 16 expiresAt, 17 position seen,
     18 and 19 limits as in a draft (lib/make.lua), 20 event, 21 soonest expiry of the parent's chain, 22 depth of the hop,
     23- ordinals of the chain, root first, the parent last
Reply ok, position, ordinal; ok alone when create has to judge it
]]
local HEAD, HEAD_BYTES = '>I4I4I4I4I6', 22
local base, call, unpacked, packed, text, name = KEYS[1], redis.call, cmsgpack.unpack, cmsgpack.pack, string.format, ARGV[8]
local now, own, seen, expires, soonest = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[17]), tonumber(ARGV[16]), tonumber(ARGV[21])

local w = call('HMGET', base .. 'm', 'digest', 'life', 'generation', 'clock', 'seq', 'link', 'position', 'hops', 'unmarked')
if not (w[1] and w[2] == ARGV[5] and w[3] == ARGV[6] and w[1] .. ' ' .. w[2] == ARGV[4] and now and expires and soonest
  and seen and seen >= 0 and seen <= tonumber(w[7])) then
  return { 'ok' }
end
local m = call('HGET', base .. 't' .. name, 'm')
if not m or not (w[9] or call('EXISTS', base .. 'S' .. ARGV[7]) == 0) then
  return { 'ok' }
end
if own == nil then
  local time = call('TIME')
  own = time[1] * 1000 + math.floor(time[2] / 1000)
end
own = math.max(own, tonumber(w[4]))
local at, depth = math.max(now, own), tonumber(ARGV[22])
m = unpacked(m)
-- As lib/quick-create.lua has it: not cut, nothing noted of what was not seen, lease held, hop inside what keys are kept for.
if not (math.abs(now - own) <= tonumber(ARGV[2]) and m[4] == 0 and (m[6] == '' or (m[6] == 'held' and m[5] > at)) and m[11] > at
  and soonest > at and depth < 64 and expires <= m[3] and string.find(m[10], 'v', 1, true) and tonumber(ARGV[14]) >= m[7]) then
  return { 'ok' }
end
local ordinal = m[1] + 1
local named, before, written, above = text('%d', ordinal), 0, {}, {}
local lives = call('HMGET', base .. 'v' .. name, unpack(ARGV, 23))
local last = #lives
for n = 1, last do
  local kept = lives[n]
  local children, descendants, first, newest, calls, rest = 0, 0, 0, 0, 0, ''
  if kept then
    children, descendants, first, newest, calls = struct.unpack(HEAD, kept)
    if #kept > HEAD_BYTES then
      rest = string.sub(kept, HEAD_BYTES + 1)
      local live = unpacked(rest)
      if live[1] ~= 'active' or live[2] ~= 0 or (live[6] and descendants >= live[6])
        or (n == last and live[5] and children >= live[5]) then
        return { 'ok' }
      end
    end
  end
  if n == last then
    before, newest, children = newest, ordinal, children + 1
    first = first == 0 and ordinal or first
  end
  above[n] = tonumber(ARGV[22 + n])
  written[2 * n - 1], written[2 * n] = ARGV[22 + n], struct.pack(HEAD, children, descendants + 1, first, newest, calls) .. rest
end
-- The one judgement that is a write.
if call('HSETNX', base .. 'i' .. name, ARGV[9], named) == 0 then
  return { 'ok' }
end
if ARGV[18] ~= ',,' or ARGV[19] ~= '' then
  local most, under, calls = string.match(ARGV[18], '^(%d*),(%d*),(%d*)$')
  local spend = false
  if ARGV[19] ~= '' then
    spend = {}
    for currency, amount in string.gmatch(string.sub(ARGV[19], 2), '([^,=]+)=([^,=]+)') do
      spend[#spend + 1] = currency
      spend[#spend + 1] = amount
    end
  end
  written[2 * last + 1], written[2 * last + 2] = named, struct.pack(HEAD, 0, 0, 0, 0, 0) .. packed({ 'active', 0, 0, 0,
    tonumber(most) or false, tonumber(under) or false, tonumber(calls) or false, false, spend, 0, false })
end
local seq, bucket = text('%d', tonumber(w[5]) + 1), text('%d', math.floor(ordinal / 64)) .. ':' .. name
m[1], m[2] = ordinal, m[2] + 1
local body = packed({ at, m[2], ARGV[20], '' })
local link = string.sub(redis.sha1hex(w[6] .. body), 1, 24)
call('RPUSH', base .. 'a' .. name, seq)
call('XADD', base .. 'log', seq .. '-1', 'e', link .. body)
call('HSET', base .. 'h' .. bucket, named, packed({
  ARGV[9], above[last], depth, ARGV[10], ARGV[12], tonumber(ARGV[13]), tonumber(ARGV[15]), expires, tonumber(w[7]), tonumber(ARGV[11]), 0,
  math.min(expires, soonest), above,
}))
if ordinal % 64 == 0 then
  local left = text('%d', math.max(1, m[7] - at))
  call('HSET', base .. 'l' .. bucket, '0', '0')
  call('PEXPIRE', base .. 'l' .. bucket, left)
  call('PEXPIRE', base .. 'h' .. bucket, left)
end
if before ~= 0 then
  call('HSET', base .. 'l' .. text('%d', math.floor(before / 64)) .. ':' .. name, text('%d', before), named)
end
call('HSET', base .. 'v' .. name, unpack(written))
call('HSET', base .. 't' .. name, 'm', packed(m))
call('HSET', base .. 'm', 'clock', text('%d', own), 'seq', seq, 'link', link, 'hops', text('%d', tonumber(w[8]) + 1))
return { 'ok', w[7], named }
