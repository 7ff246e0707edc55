--- @include lib/keys
--- @include lib/refuse
--[[
Starts a partition, or checks that the one that is there was started alike.

ARGV 1 partitions of the deployment ; 2 digest of the transition tables ; 3 their rows ; 4 generation for a partition that starts
     empty ; 5 tolerance
Reply ok, generation
]]
local function start()
  local m = redis.call('HMGET', base .. 'm', 'generation', 'partitions', 'digest')
  if not m[1] then
    redis.call('HSET', base .. 'm', 'generation', ARGV[4], 'partitions', ARGV[1], 'digest', ARGV[2],
      'table', ARGV[3], 'tolerance', ARGV[5], 'clock', 0, 'seq', 0, 'link', '', 'position', 0, 'chain', '',
      'hops', 0, 'trees', 0, 'opened', 0, 'refs', 0)
    return { 'ok', ARGV[4] }
  end
  if m[2] ~= ARGV[1] then
    refuse('config_invalid', 'store was made with another number of partitions', nil, 'partitions')
  end
  if m[3] ~= ARGV[2] then
    refuse('config_invalid', 'store was made by other state machines', nil, 'lifecycle')
  end
  return { 'ok', m[1] }
end

return guarded(start)
