--[[
Looks: nothing is written. ARGV begins as that of moves; 1 is empty, and 4 the digest alone. Needs world, tree, judge, show.
]]

-- Reads the clock and the position of the partition. @refuses store_unavailable, config_invalid
local function begin_look()
  local m = redis.call('HMGET', base .. 'm', 'digest', 'clock', 'position', 'tolerance')
  if not m[1] then
    refuse('unstarted', 'partition was never started')
  end
  if m[1] ~= string.match(ARGV[4], '^%S+') then
    refuse('config_invalid', 'store was made by other state machines', nil, 'lifecycle')
  end
  world = { at = own_clock(tonumber(m[2])), tolerance = tonumber(ARGV[2]), position = tonumber(m[3]), entries = {} }
end

-- The worst state down to this hop, the tree's own left out; each hop is judged once.
local function worst_down_to(tree, ordinal)
  tree.worst = tree.worst or { [0] = 'active' }
  local known = tree.worst[ordinal]
  if known == nil then
    known = judged(tree, ordinal)
    local above = worst_down_to(tree, static_of(tree, ordinal)[2])
    if RANK[above] > RANK[known] then
      known = above
    end
    tree.worst[ordinal] = known
  end
  return known
end

-- A hop with what people look at: show_hop, then effective state, children, descendants, a successor's id or ''.
-- Authorities that were not told yet are added to `told`: digest, JSON, ...
local function show_node(tree, ordinal, told)
  local node = show_hop(tree, ordinal, {})
  local live = live_of(tree, ordinal)
  local state = worst_down_to(tree, ordinal)
  if tree.fault == nil then
    tree.fault = tree_fault(tree) or 'active'
  end
  if RANK[tree.fault] > RANK[state] then
    state = tree.fault
  end
  local n = #node
  node[n + 1] = state
  node[n + 2] = live[8]
  node[n + 3] = live[9]
  node[n + 4] = live[15] ~= 0 and static_of(tree, live[15])[1] or ''
  local ref = static_of(tree, ordinal)[6]
  tree.told = tree.told or {}
  if not tree.told[ref] then
    tree.told[ref] = true
    local kept = authority_of(ref)
    told[#told + 1] = kept[1]
    told[#told + 1] = kept[2]
  end
  return node
end
