--[[
The plain case of create, before any function is made: making the functions of the whole move costs more than this.

Straight on, it takes what nothing stands against and what nothing has to be worked out for, and does to the byte what the whole move
does. At the first doubt it leaves, with nothing written, and the whole move judges from the beginning. It refuses nothing.

Numbers become text once, by '%d': whatever else turns one into text takes several times as long.
Reply {'ok', 'plain', position, ordinal, life, generation, ref of the authority, until when that is kept, soonest expiry of the parent's
chain, ordinals of that chain}: the hop is active, and has no counts and no predecessor. What follows its position never changes, or only
grows (create-known.lua).
]]
do
  local HEAD, HEAD_BYTES = '>I4I4I4I4I6', 22
  local base, call, unpacked, packed, text = KEYS[1], redis.call, cmsgpack.unpack, cmsgpack.pack, string.format
  local tenant, id, key = ARGV[5], ARGV[7], ARGV[19]
  local name = text('%d', #tenant) .. ':' .. tenant .. ':' .. ARGV[6]
  local now, own, expires, seen = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[16]), tonumber(ARGV[18])

  local w = call('HMGET', base .. 'm', 'digest', 'life', 'clock', 'seq', 'link', 'position', 'hops', 'generation')
  local found = call('HMGET', base .. 'i' .. name, ARGV[8], id)
  local parent = found[1]
  local m = call('HGET', base .. 't' .. name, 'm')
  local authority = call('HGET', base .. 'g', ARGV[13])
  local plain = w[1] and w[2] and w[1] .. ' ' .. w[2] == ARGV[4] and parent and not found[2] and m and authority
    and now and expires and seen and seen >= 0 and ARGV[17] == 'active' and ARGV[8] ~= ''
    and call('EXISTS', base .. 'S' .. tenant) == 0
    and (key == '' or call('HEXISTS', base .. 'k' .. name, parent .. ':' .. string.sub(key, 2)) == 0)

  local at, static = 0, nil
  if plain then
    if own == nil then
      local time = call('TIME')
      own = time[1] * 1000 + math.floor(time[2] / 1000)
    end
    own = math.max(own, tonumber(w[3]))
    at = math.max(now, own)
    m, authority = unpacked(m), unpacked(authority)
    -- Not cut, nothing noted of what was not seen, lease held, hop inside what keys are kept for.
    plain = math.abs(now - own) <= tonumber(ARGV[2]) and m[4] == 0 and (m[6] == '' or (m[6] == 'held' and m[5] > at)) and m[11] > at
      and expires <= m[3] and string.find(m[10], 'v', 1, true) and (key == '' or string.find(m[10], 'k', 1, true))
      and seen <= tonumber(w[6]) and authority[2] >= m[7]
  end
  if plain then
    static = call('HGET', base .. 'h' .. text('%d', math.floor(parent / 64)) .. ':' .. name, parent)
    static = static and unpacked(static)
    plain = static and static[12] > at and tonumber(ARGV[9]) == static[3] + 1 and static[3] + 1 < 64
  end
  if plain then
    local above, names = static[13], {}
    for n = 1, #above do
      names[n] = text('%d', above[n])
    end
    local last, ordinal = #above + 1, m[1] + 1
    above[last], names[last] = tonumber(parent), parent
    local lives = call('HMGET', base .. 'v' .. name, unpack(names))
    local written, before, named = {}, 0, text('%d', ordinal)
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
            plain = false
            break
          end
        end
      end
      if n == last then
        before, newest, children = newest, ordinal, children + 1
        first = first == 0 and ordinal or first
      end
      written[2 * n - 1], written[2 * n] = names[n], struct.pack(HEAD, children, descendants + 1, first, newest, calls) .. rest
    end
    if plain then
      if ARGV[21] ~= ',,' or ARGV[22] ~= '' then
        local most, under, calls = string.match(ARGV[21], '^(%d*),(%d*),(%d*)$')
        local spend = false
        if ARGV[22] ~= '' then
          spend = {}
          for currency, amount in string.gmatch(string.sub(ARGV[22], 2), '([^,=]+)=([^,=]+)') do
            spend[#spend + 1] = currency
            spend[#spend + 1] = amount
          end
        end
        written[2 * last + 1], written[2 * last + 2] = named, struct.pack(HEAD, 0, 0, 0, 0, 0) .. packed({ 'active', 0, 0, 0,
          tonumber(most) or false, tonumber(under) or false, tonumber(calls) or false, false, spend, 0, false })
      end
      local seq, bucket = text('%d', tonumber(w[4]) + 1), text('%d', math.floor(ordinal / 64)) .. ':' .. name
      m[1] = ordinal
      m[2] = m[2] + 1
      local body = packed({ at, m[2], ARGV[23], '' })
      local link = string.sub(redis.sha1hex(w[5] .. body), 1, 24)
      call('RPUSH', base .. 'a' .. name, seq)
      call('XADD', base .. 'log', seq .. '-1', 'e', link .. body)
      call('HSET', base .. 'i' .. name, id, named)
      call('HSET', base .. 'h' .. bucket, named, packed({
        id, above[last], static[3] + 1, ARGV[10], ARGV[12], authority[1], tonumber(ARGV[15]), expires, tonumber(w[6]), tonumber(ARGV[11]), 0,
        math.min(expires, static[12]), above,
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
      if key ~= '' then
        call('HSET', base .. 'k' .. name, parent .. ':' .. string.sub(key, 2), packed({ ARGV[20], ordinal }))
      end
      call('HSET', base .. 't' .. name, 'm', packed(m))
      call('HSET', base .. 'm', 'clock', text('%d', own), 'seq', seq, 'link', link, 'hops', text('%d', tonumber(w[7]) + 1))
      return { 'ok', 'plain', w[6], named, w[2], w[8], text('%d', authority[1]), text('%d', authority[2]), text('%d', static[12]), unpack(names) }
    end
  end
end
