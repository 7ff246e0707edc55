--[[
restore-suspension: writes again a suspension or its lift, where a life of the owner lost it. Also where the hop was lost with it: its token
is out, so the log says that it is suspended, and nobody lifts it before it is known again.

ARGV 1-4 as every move, 5-8 as each move on a hop (lib/on-hop.lua), 9 id of the suspension, 10 'suspend' or 'lift'
Reply ok, '1' when it was written
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/on-hop
--- @include lib/suspensions

local id, kind = ARGV[9], ARGV[10]

-- What the log and its expiry need of a tree that is not there.
local function lost_tree()
  return { tenant = ARGV[5], id = ARGV[6], name = tree_name(ARGV[5], ARGV[6]), m = { [3] = world.at + LIFETIME } }
end

-- Keeps what is known of it, where no hop's state changes: what was said stands in the log alone.
local function keep_said(tree, place, known)
  local kept = cmsgpack.pack(known)
  local key = tree and key_for(tree, 'p') or base .. 'p' .. place.name
  redis.call('HSET', key, id, kept)
  if not tree then
    redis.call('PEXPIRE', key, int(LIFETIME + world.tolerance + DAY))
  end
  write_line(tree, ARGV[8], facts_json('', '"suspension":' .. quoted(id) .. ','))
  if tree then
    flush_tree(tree)
  end
  finish()
end

-- The hop is not known.
local function restore_lost(tree, place, known)
  local entry = log_suspension(place, ARGV[7], kind, id)
  keep_said(tree, place, { 0, kind == 'suspend' and entry or (known and known[2] or ''), kind == 'lift' and entry })
end

-- Its lift came first; both sets only grow.
local function restore_lifted(tree, place, known)
  keep_said(tree, place, { known[1], log_suspension(place, ARGV[7], kind, id), known[3] })
end

local function restore(tree, ordinal, known)
  local live = live_of(tree, ordinal)
  local event = kind
  if kind == 'lift' then
    event = (not live[16] or #live[16] == 0 or (#live[16] == 1 and live[16][1] == id)) and 'resume' or 'lift'
  end
  local state = find_next(own_state(tree, ordinal), event)
  local hop = static_of(tree, ordinal)[1]
  if kind == 'suspend' and not state then
    return false
  end
  live = touch(tree, ordinal)
  if kind == 'suspend' then
    live[1] = state
    live[16] = live[16] or {}
    live[16][#live[16] + 1] = id
  elseif known then
    local rest = {}
    for _, one in ipairs(live[16] or {}) do
      rest[#rest + 1] = one ~= id and one or nil
    end
    live[1] = state or live[1]
    live[16] = #rest > 0 and rest
  end
  local entry = log_suspension(tree, hop, kind, id)
  local first = known and known[2] or (kind == 'suspend' and entry or '')
  keep_suspension(tree, id, { ordinal, first, kind == 'lift' and entry })
  commit(tree, ordinal, '"suspension":' .. quoted(id) .. ',')
  return true
end

local function move()
  begin()
  local tree = read_tree(ARGV[5], ARGV[6])
  local place = tree or lost_tree()
  local known = find_suspension(place, id)
  if known and kind == 'suspend' and known[2] == '' then
    restore_lifted(tree, place, known)
    return { 'ok', '1' }
  elseif known and (kind == 'suspend' or known[3]) then
    return { 'ok', '0' }
  end
  local ordinal = tree and find_ordinal(tree, ARGV[7])
  if ordinal and (not known or known[1] == ordinal) then
    return { 'ok', restore(tree, ordinal, known) and '1' or '0' }
  end
  restore_lost(tree, place, known)
  return { 'ok', '1' }
end

return guarded(move)
