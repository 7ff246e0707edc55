--[[
Ids of suspensions, which are the tenant's: packed {tree, ordinal, the entry's JSON, the JSON of its lift or false}.
]]
local function suspension_key(tree, id)
  return base .. 'u' .. #tree.tenant .. ':' .. tree.tenant .. ':' .. id
end

local function find_suspension(tree, id)
  local known = redis.call('GET', suspension_key(tree, id))
  return known and cmsgpack.unpack(known)
end

local function keep_suspension(tree, id, suspension)
  local key = suspension_key(tree, id)
  redis.call('SET', key, cmsgpack.pack(suspension))
  keep_key(tree, key)
end

local function is_of(suspension, tree, ordinal)
  return suspension[1] == tree.id and suspension[2] == ordinal
end
