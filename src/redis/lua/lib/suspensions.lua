--[[
Suspensions of a tree, in p<T>: id -> packed {ordinal, the entry's JSON, the JSON of its lift or false}.
]]
local function find_suspension(tree, id)
  local known = redis.call('HGET', base .. 'p' .. tree.name, id)
  return known and cmsgpack.unpack(known)
end

local function keep_suspension(tree, id, suspension)
  redis.call('HSET', key_for(tree, 'p'), id, cmsgpack.pack(suspension))
end
