--- @include lib/keys
--- @include lib/tree
--- @include lib/seal
--[[
Lines of trees, by their order in the tree.

ARGV 5 ... tenant, tree, first, how many, ...
Reply ok, then for each a list: line of this partition, its number in the whole log or 0, ...
]]
local reply = { 'ok' }
for n = 5, #ARGV, 4 do
  local first = tonumber(ARGV[n + 2])
  local seqs = redis.call('LRANGE', base .. 'a' .. tree_name(ARGV[n], ARGV[n + 1]), first - 1, first + ARGV[n + 3] - 2)
  local list = {}
  for m = 1, #seqs do
    local chunk, place = place_of(tonumber(seqs[m]), 6)
    local number = redis.call('GETRANGE', base .. 'number' .. chunk, place, place + 5)
    list[2 * m - 1] = seqs[m]
    list[2 * m] = #number == 6 and struct.unpack('>I6', number) or 0
  end
  reply[#reply + 1] = list
end
return reply
