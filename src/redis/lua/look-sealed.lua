--- @include lib/keys
--- @include lib/seal
--[[
Lines of the whole log, by number. Runs in partition 0.

ARGV 5 ... numbers
Reply ok, then for each: partition, number there, hash; '', '', '' where there is none
]]
local reply = { 'ok' }
for n = 5, #ARGV do
  local partition, seq, hash = read_sealed(tonumber(ARGV[n]))
  reply[#reply + 1] = partition or ''
  reply[#reply + 1] = seq or ''
  reply[#reply + 1] = hash or ''
end
return reply
