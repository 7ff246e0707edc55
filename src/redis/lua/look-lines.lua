--- @include lib/keys
--- @include lib/seal
--[[
Audit lines of this partition, as they were written.

ARGV 5 ... lines
Reply ok, then for each a list: number in the whole log or 0, time, order in its tree, event as drafted, facts; empty where there is none
]]
local LINK = 24
local reply = { 'ok' }
for n = 5, #ARGV do
  local seq = ARGV[n]
  local found = redis.call('XRANGE', base .. 'log', seq .. '-1', seq .. '-1')[1]
  local line = {}
  if found then
    local at, order, event, facts = unpack(cmsgpack.unpack(string.sub(found[2][2], LINK + 1)))
    local chunk, place = place_of(tonumber(seq), 6)
    local number = redis.call('GETRANGE', base .. 'number' .. chunk, place, place + 5)
    line = { #number == 6 and struct.unpack('>I6', number) or 0, at, order, event, facts }
  end
  reply[#reply + 1] = line
end
return reply
