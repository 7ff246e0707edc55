--[[
revoke: logs a cut, whatever state the hop is in, also for a hop or a tree never seen. The size of the subtree does not matter.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5 tenant, 6 kind, 7 and 8 the boundary's names in the contract's order ('' for none), 9 event,
     10 '' or the id of the attempt: the same attempt again is no new cut
     11 '1' for a cut that came with something else (a hop ended, or was replaced) and is said again: any that stands is enough, and whoever
     took the place of the hop stays
Reply {'ok', the entry's JSON, '1' when it is new, '' or the tree whose root took this hop's place and is to be cut as well}
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts

local tenant, kind = ARGV[5], ARGV[6]

-- Notes a cut of what was not seen. The mark outlives every token that it could cover.
local function mark_unseen(tree, field)
  local key = base .. 'x' .. tree_name(tenant, ARGV[7])
  redis.call('HSET', key, field, 1)
  if tree then
    set_tree_flag(tree, 2)
    key_for(tree, 'x')
  else
    redis.call('PEXPIRE', key, int(LIFETIME + world.tolerance + DAY))
  end
end

-- Cuts the hop's successors first, so that the newest position is the asked-for hop's own.
local function cut_hop(tree, ordinal)
  local list = { ordinal }
  while live_of(tree, list[#list])[15] ~= 0 do
    list[#list + 1] = live_of(tree, list[#list])[15]
  end
  local entry
  for n = #list, 1, -1 do
    local one = list[n]
    -- One that has ended was logged as cut when it did.
    local ended = n > 1 and is_final(live_of(tree, one)[1])
    if kind == 'hop' then
      mark_cut(tree, one)
    else
      mark_below(tree, one)
    end
    if not ended then
      entry = log_cut(tenant, tree, true, kind, tree.id, static_of(tree, one)[1])
    end
  end
  return entry, live_of(tree, list[#list])[17] or ''
end

local function cut_tree(tree)
  if tree == nil then
    mark_unseen(nil, 't')
    return
  end
  set_tree_flag(tree, CUT)
  if tree.m[6] == 'held' then
    tree.m[6] = next_state('lease', 'held', 'release')
    redis.call('ZREM', base .. 'lease', tree.name)
  end
end

local function cut_in_tree()
  local tree = read_tree(tenant, ARGV[7])
  local heir = ''
  local entry
  if kind == 'tree' then
    cut_tree(tree)
  else
    local ordinal = tree and find_ordinal(tree, ARGV[8])
    if ordinal then
      entry, heir = cut_hop(tree, ordinal)
    else
      mark_unseen(tree, (kind == 'hop' and 'h' or 'b') .. ARGV[8])
    end
  end
  entry = entry or log_cut(tenant, tree, true, kind, ARGV[7], ARGV[8])
  write_line(tree, ARGV[9], facts_json('', ''))
  if tree then
    flush_tree(tree)
  end
  return entry, heir
end

-- A mark of the whole tenant, one write.
local function cut_beyond()
  local position = world.position + 1
  local standing = kind == 'key' or kind == 'ban'
  local field
  if kind == 'epoch' then
    field = 'e'
  elseif kind == 'agent' then
    field = 'a' .. ARGV[7]
  elseif kind == 'ban' then
    field = 'b' .. ARGV[7]
  elseif kind == 'key' then
    field = 'k' .. ARGV[7]
  else
    field = 'p' .. net(ARGV[7], ARGV[8])
  end
  redis.call('HDEL', base .. 'm', 'unmarked')
  redis.call('HSET', base .. 'S' .. tenant, field, position)
  local entry = log_cut(tenant, nil, standing, kind, ARGV[7], ARGV[8], ARGV[10])
  write_line(nil, ARGV[9], facts_json('', ''))
  return entry, ''
end

-- The heir of a hop that was cut before: whoever asks again, because an answer was lost, has to cut it still.
local function heir_of()
  if kind ~= 'hop' and kind ~= 'below' then
    return ''
  end
  local tree = read_tree(tenant, ARGV[7])
  local ordinal = tree and find_ordinal(tree, ARGV[8])
  if not ordinal then
    return ''
  end
  while live_of(tree, ordinal)[15] ~= 0 do
    ordinal = live_of(tree, ordinal)[15]
  end
  return live_of(tree, ordinal)[17] or ''
end

local function move()
  begin()
  local known, standing, attempt = find_entry(boundary_key(tenant, kind, ARGV[7], ARGV[8]))
  if known and ARGV[11] == '1' then
    return { 'ok', known, '0', '' }
  end
  if known and (standing or (ARGV[10] ~= '' and attempt == ARGV[10])) then
    return { 'ok', known, '0', heir_of() }
  end
  local in_tree = kind == 'hop' or kind == 'below' or kind == 'tree'
  local entry, heir = (in_tree and cut_in_tree or cut_beyond)()
  finish()
  return { 'ok', entry, '1', ARGV[11] == '1' and '' or heir }
end

return guarded(move)
