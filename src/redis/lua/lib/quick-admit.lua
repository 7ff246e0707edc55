--[[
The plain case of admit, before any function is made: making the functions of the whole move costs more than this.

Straight on, it takes a chain of which every hop has a record and nothing stands against any, a call that costs no money and uses up no
ticket and no token, and does to the byte what the whole move does. At the first doubt it leaves, with nothing written, and the whole move
judges from the beginning. It refuses nothing.

Behind what the whole move replies, it tells what never changes (admit-known.lua): life, generation, soonest expiry of the chain, facts up to
the position, ordinals of the chain.

Numbers become text once, by '%d': whatever else turns one into text takes several times as long.
]]
do
  local HEAD, HEAD_BYTES = '>I4I4I4I4I6', 22
  local base, call, unpacked, packed, text = KEYS[1], redis.call, cmsgpack.unpack, cmsgpack.pack, string.format
  local tenant, count = ARGV[5], tonumber(ARGV[12])
  local name = text('%d', #tenant) .. ':' .. tenant .. ':' .. ARGV[6]
  local costs = 14 + count + tonumber(ARGV[13 + count])
  local now, own, seen = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[7])

  local w = call('HMGET', base .. 'm', 'digest', 'life', 'clock', 'seq', 'link', 'position', 'generation')
  local m = call('HGET', base .. 't' .. name, 'm')
  local plain = ARGV[8] == '' and ARGV[10] == '' and ARGV[11] == '' and ARGV[costs] == '0' and ARGV[costs + 1] == '0'
    and count > 0 and count <= 64 and w[1] and w[2] and w[1] .. ' ' .. w[2] == ARGV[4] and m and now
    and seen and seen <= tonumber(w[6]) and call('EXISTS', base .. 'S' .. tenant) == 0

  local at = 0
  if plain then
    if own == nil then
      local time = call('TIME')
      own = time[1] * 1000 + math.floor(time[2] / 1000)
    end
    own = math.max(own, tonumber(w[3]))
    at = math.max(now, own)
    m = unpacked(m)
    -- Not cut, nothing noted of what was not seen, lease held, in its time.
    plain = math.abs(now - own) <= tonumber(ARGV[2]) and m[4] == 0 and (m[6] == '' or (m[6] == 'held' and m[5] > at)) and m[11] > at
  end

  local chain, static
  if plain then
    chain = call('HMGET', base .. 'i' .. name, unpack(ARGV, 13, 12 + count))
    local leaf = chain[count]
    static = leaf and call('HGET', base .. 'h' .. text('%d', math.floor(leaf / 64)) .. ':' .. name, leaf)
    static = static and unpacked(static)
    plain = static and static[12] > at and #static[13] == count - 1
    for n = 1, plain and count - 1 or 0 do
      plain = plain and tonumber(chain[n] or nil) == static[13][n]
    end
  end
  if plain then
    local lives = call('HMGET', base .. 'v' .. name, unpack(chain))
    local written, last = {}, 0
    for n = 1, count do
      local kept = lives[n]
      if kept and #kept > HEAD_BYTES then
        local rest = string.sub(kept, HEAD_BYTES + 1)
        local live = unpacked(rest)
        if live[1] ~= 'active' or live[2] ~= 0 then
          plain = false
          break
        end
        if live[7] or live[9] then
          local children, descendants, first, newest, calls = struct.unpack(HEAD, kept)
          if live[7] and calls + 1 > live[7] then
            plain = false
            break
          end
          written[last + 1], written[last + 2] = chain[n], struct.pack(HEAD, children, descendants, first, newest, calls + 1) .. rest
          last = last + 2
        end
      end
    end
    if plain then
      local seq = text('%d', tonumber(w[4]) + 1)
      m[2] = m[2] + 1
      local facts = '{"agent":' .. cjson.encode(static[4]) .. ',"identity":"' .. (static[10] % 2 == 1 and 'proven' or 'asserted')
        .. '","data":{"position":'
      local body = packed({ at, m[2], ARGV[9], facts .. w[6] .. '}}' })
      local link = string.sub(redis.sha1hex(w[5] .. body), 1, 24)
      call('RPUSH', base .. 'a' .. name, seq)
      call('XADD', base .. 'log', seq .. '-1', 'e', link .. body)
      if last > 0 then
        call('HSET', base .. 'v' .. name, unpack(written))
      end
      call('HSET', base .. 't' .. name, 'm', packed(m))
      call('HSET', base .. 'm', 'clock', text('%d', own), 'seq', seq, 'link', link)
      return { 'ok', w[6], seq, w[2], w[7], text('%d', static[12]), facts, unpack(chain) }
    end
  end
end
