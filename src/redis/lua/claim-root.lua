--[[
claim-root: takes the slot of an idempotency key of roots, in the partition of the key. The tree itself is opened in its own.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5 tenant, 6 key, 7 digest of the request, 8 tree that is to be opened, 9 '' or the tree from which
     the slot is taken over, 10 when the slot may go (epoch ms)
Reply {'ok', 'claimed'} or {'ok', 'held', digest of the request, tree}
]]
--- @include lib/world

local function claim()
  begin()
  local key = base .. 'R' .. #ARGV[5] .. ':' .. ARGV[5] .. ':' .. ARGV[6]
  local known = redis.call('GET', key)
  if known then
    local request, tree = unpack(cmsgpack.unpack(known))
    if tree ~= ARGV[9] and tree ~= ARGV[8] then
      return { 'ok', 'held', request, tree }
    elseif ARGV[9] == '' then
      return { 'ok', 'held', request, tree }
    end
  end
  local left = math.max(1, (tonumber(ARGV[10]) or 0) + world.tolerance - world.at)
  redis.call('SET', key, cmsgpack.pack({ ARGV[7], ARGV[8] }), 'PX', int(left))
  return { 'ok', 'claimed' }
end

return guarded(claim)
