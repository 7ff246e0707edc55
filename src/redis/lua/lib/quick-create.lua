--[[
The plain case of create, before any function is made: making the functions of the whole move costs more than this.

Straight on, it takes what nothing stands against and what nothing has to be worked out for, and does to the byte what the whole move
does. At the first doubt it leaves, with nothing written, and the whole move judges from the beginning. It refuses nothing.
]]
do
  local base, call, unpacked, packed = KEYS[1], redis.call, cmsgpack.unpack, cmsgpack.pack
  local tenant, tree_id, id, key, initial = ARGV[5], ARGV[6], ARGV[7], ARGV[19], ARGV[17]
  local name = #tenant .. ':' .. tenant .. ':' .. tree_id
  local now, own, expires, seen = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[16]), tonumber(ARGV[18])

  local w = call('HMGET', base .. 'm', 'digest', 'life', 'clock', 'seq', 'link', 'position', 'hops')
  local found = call('HMGET', base .. 'i' .. name, ARGV[8], id)
  local m = call('HGET', base .. 't' .. name, 'm')
  local authority = call('HGET', base .. 'g', ARGV[13])
  local plain = w[1] and w[2] and w[1] .. ' ' .. w[2] == ARGV[4] and found[1] and not found[2] and m and authority
    and now and expires and seen and seen >= 0 and initial == 'active' and ARGV[8] ~= ''
    and call('EXISTS', base .. 'S' .. tenant) == 0
    and (key == '' or call('HEXISTS', base .. 'k' .. name, found[1] .. ':' .. string.sub(key, 2)) == 0)

  local at, tolerance = 0, tonumber(ARGV[2])
  if plain then
    if own == nil then
      local time = call('TIME')
      own = time[1] * 1000 + math.floor(time[2] / 1000)
    end
    own = math.max(own, tonumber(w[3]))
    at = math.max(now, own)
    m, authority = unpacked(m), unpacked(authority)
    -- Not cut, nothing noted of what was not seen, lease held, hop inside what keys are kept for, and within its bucket.
    plain = math.abs(now - own) <= tolerance and m[4] == 0 and (m[6] == '' or (m[6] == 'held' and m[5] > at)) and m[11] > at
      and expires <= m[3] and (m[1] + 1) % 64 ~= 0 and string.find(m[10], 'n', 1, true)
      and ((ARGV[21] == ',,' and ARGV[22] == '') or string.find(m[10], 'v', 1, true))
      and (key == '' or string.find(m[10], 'k', 1, true)) and seen <= tonumber(w[6])
      and authority[2] >= m[7]
  end

  local parent = tonumber(found[1] or 0)
  local above, static
  if plain then
    static = call('HGET', base .. 'h' .. math.floor(parent / 64) .. ':' .. name, parent)
    static = static and unpacked(static)
    plain = static and static[12] > at and tonumber(ARGV[9]) == static[3] + 1 and static[3] + 1 < 64
  end
  if plain then
    above = static[13]
    above[#above + 1] = parent
    local last = #above
    local lives = call('HMGET', base .. 'v' .. name, unpack(above))
    local fields = {}
    for n = 1, last do
      fields[n] = 'd' .. above[n]
    end
    fields[last + 1], fields[last + 2] = 'c' .. parent, 'l' .. parent
    local numbers = call('HMGET', base .. 'n' .. name, unpack(fields))
    local children = tonumber(numbers[last + 1] or 0)
    local before = tonumber(numbers[last + 2] or 0)
    local ordinal = m[1] + 1
    local written = { fields[last + 1], children + 1, fields[last + 2], ordinal }
    for n = 1, last do
      local descendants = tonumber(numbers[n] or 0)
      if lives[n] then
        local live = unpacked(lives[n])
        if live[1] ~= 'active' or live[2] ~= 0 or (live[7] and descendants >= live[7])
          or (n == last and live[6] and children >= live[6]) then
          plain = false
          break
        end
      end
      written[2 * n + 3] = fields[n]
      written[2 * n + 4] = descendants + 1
    end
    if plain then
      if before == 0 then
        written[2 * last + 5] = 'f' .. parent
        written[2 * last + 6] = ordinal
      end
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
        call('HSET', base .. 'v' .. name, ordinal, packed({ 'active', 0, 0, 0, 0,
          tonumber(most) or false, tonumber(under) or false, tonumber(calls) or false, false, spend, 0, false }))
      end
      local seq, position = tonumber(w[4]) + 1, tonumber(w[6])
      m[1] = ordinal
      m[2] = m[2] + 1
      local body = packed({ at, m[2], ARGV[23], '' })
      local link = string.sub(redis.sha1hex(w[5] .. body), 1, 24)
      call('RPUSH', base .. 'a' .. name, seq)
      call('XADD', base .. 'log', seq .. '-1', 'e', link .. body)
      call('HSET', base .. 'i' .. name, id, ordinal)
      call('HSET', base .. 'h' .. math.floor(ordinal / 64) .. ':' .. name, ordinal, packed({
        id, parent, static[3] + 1, ARGV[10], ARGV[12], authority[1], tonumber(ARGV[15]), expires, position, tonumber(ARGV[11]), 0,
        math.min(expires, static[12]), above,
      }))
      if before ~= 0 then
        call('HSET', base .. 'l' .. math.floor(before / 64) .. ':' .. name, before, ordinal)
      end
      call('HSET', base .. 'n' .. name, unpack(written))
      if key ~= '' then
        call('HSET', base .. 'k' .. name, parent .. ':' .. string.sub(key, 2), packed({ ARGV[20], ordinal }))
      end
      call('HSET', base .. 't' .. name, 'm', packed(m))
      call('HSET', base .. 'm', 'clock', own, 'seq', seq, 'link', link, 'hops', tonumber(w[7]) + 1)
      return { 'ok', 'created', w[6], 'active', '0', '0', '0', '', '', '' }
    end
  end
end
