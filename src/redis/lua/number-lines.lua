--- @include lib/keys
--- @include lib/seal
--[[
Tells lines of this partition their number in the whole log.

ARGV 5 ... line, number, ...
Reply ok
]]
for n = 5, #ARGV, 2 do
  local chunk, at = place_of(tonumber(ARGV[n]), 6)
  redis.call('SETRANGE', base .. 'number' .. chunk, at, struct.pack('>I6', tonumber(ARGV[n + 1])))
end
return { 'ok' }
