--- @include lib/keys
--- @include lib/seal
--[[
Puts lines at the end of the whole log, unless somebody else did meanwhile. Runs in partition 0.

ARGV 5 lines that it has, then for each: partition, number there, hash
Reply ok, '1' when they are in
]]
local count = tonumber(redis.call('HGET', base .. 'sealed', 'count') or 0)
if count ~= tonumber(ARGV[5]) then
  return { 'ok', '0' }
end
local fields, chunk, parts = {}, nil, {}
for n = 6, #ARGV, 3 do
  count = count + 1
  local at = place_of(count, 51)
  if at ~= chunk and chunk ~= nil then
    redis.call('APPEND', base .. 'seal' .. chunk, table.concat(parts))
    parts = {}
  end
  chunk = at
  parts[#parts + 1] = struct.pack('>I2I6', tonumber(ARGV[n]), tonumber(ARGV[n + 1])) .. ARGV[n + 2]
  fields['p' .. ARGV[n]] = ARGV[n + 1]
end
redis.call('APPEND', base .. 'seal' .. chunk, table.concat(parts))
redis.call('HSET', base .. 'sealed', 'count', int(count), 'tip', ARGV[#ARGV])
for field, seq in pairs(fields) do
  redis.call('HSET', base .. 'sealed', field, seq)
end
return { 'ok', '1' }
