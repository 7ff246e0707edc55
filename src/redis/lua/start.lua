--[[
start: begins a partition, or checks that it was begun alike.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5 rows of the transition tables, 6 generation of a new store, 7 partitions of the deployment,
     8 event of a new store
Reply {'ok', generation, position, '1' when it is new}
Refuses config_invalid when the partition was begun with another number of partitions or other tables.
]]
--- @include lib/world

local function start()
  local known = redis.call('HMGET', base .. 'm', 'generation', 'partitions', 'digest', 'position')
  if known[1] then
    if known[2] ~= ARGV[7] then
      refuse('config_invalid', 'store was made with another number of partitions', nil, 'partitions')
    elseif known[3] ~= ARGV[4] then
      refuse('config_invalid', 'store was made by other state machines', nil, 'lifecycle')
    end
    return { 'ok', known[1], known[4], '0' }
  end
  redis.call('HSET', base .. 'm', 'generation', ARGV[6], 'partitions', ARGV[7], 'digest', ARGV[4], 'table', ARGV[5],
    'clock', 0, 'seq', 0, 'link', '', 'position', 0, 'chain', '', 'hops', 0, 'trees', 0, 'opened', 0)
  begin()
  write_line(nil, ARGV[8])
  finish()
  return { 'ok', ARGV[6], '0', '1' }
end

return guarded(start)
