--[[
The whole log in one order. Needs keys.

In partition 0: hash `sealed`: count (lines in order), tip (hash of the last), done (up to which lines know their number), p<n> (up to which
line partition n is in it); strings `seal<chunk>`: 51 bytes a line: partition (2), number there (6), SHA-256 of the line (43, base64url).
In each partition: strings `number<chunk>`: 6 bytes a line, its number in the whole log.
]]
local CHUNK = 16384

-- Chunk and place of the n-th (from 1) of many records of so many bytes.
local function place_of(n, width)
  local index = n - 1
  local chunk = math.floor(index / CHUNK)
  return chunk, (index - chunk * CHUNK) * width
end

-- Partition, number there and hash of a line of the whole log; nil beyond its end.
local function read_sealed(n)
  local chunk, from = place_of(n, 51)
  local text = redis.call('GETRANGE', base .. 'seal' .. chunk, from, from + 50)
  if #text < 51 then
    return nil
  end
  local partition, seq = struct.unpack('>I2I6', text)
  return partition, seq, string.sub(text, 9)
end
