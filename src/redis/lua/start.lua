--- @include lib/keys
--- @include lib/refuse
--[[
Starts a partition, or checks that the one that is there was started alike.

ARGV 1 partitions of the deployment ; 2 digest of the transition tables ; 3 their rows ; 4 generation for a partition that starts
     empty ; 5 tolerance ; 6 now, or '' for the server's own time ; 7 event of the first audit line
Reply ok, generation
]]
local function start()
  local m = redis.call('HMGET', base .. 'm', 'generation', 'partitions', 'digest')
  if not m[1] then
    local at = ARGV[6]
    if at == '' then
      local time = redis.call('TIME')
      at = time[1] * 1000 + math.floor(time[2] / 1000)
    end
    -- As write_line (world.lua) writes them: the log begins with whose log it is.
    local body = cmsgpack.pack({ tonumber(at), 0, ARGV[7], '' })
    local link = string.sub(redis.sha1hex(body), 1, 24)
    redis.call('XADD', base .. 'log', '1-1', 'e', link .. body)
    redis.call('HSET', base .. 'm', 'generation', ARGV[4], 'partitions', ARGV[1], 'digest', ARGV[2],
      'table', ARGV[3], 'tolerance', ARGV[5], 'clock', 0, 'seq', 1, 'link', link, 'position', 0, 'chain', '',
      'hops', 0, 'trees', 0, 'opened', 0, 'refs', 0, 'unmarked', 1)
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
