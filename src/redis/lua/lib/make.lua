--[[
Whether a hop may be made, and what making it does: the checks of open, create, register and narrow, in their order.

A draft is 20 arguments in a row:
  1 tenant, 2 tree, 3 id, 4 parent or '', 5 depth, 6 agent, 7 flags (1 proven, 2 link, 4 bearer), 8 holder, 9 authority's digest,
  10 authority's JSON, or '' to create where the partition was told it, 11 createdAt, 12 expiresAt, 13 state to start in, 14 position seen, 15 '' or '=' and the idempotency key,
  16 digest of the request, 17 'children,descendants,calls' as limited, each a number or '', 18 '' or '=' and 'EUR=1.00,...' as limited,
  19 event, 20 caller's now
]]
local DRAFT = 20
local HOPS = 64 -- HOPS_MAX

local function read_draft(from)
  local key = ARGV[from + 14]
  return {
    tenant = ARGV[from], tree = ARGV[from + 1], id = ARGV[from + 2],
    parent = ARGV[from + 3] ~= '' and ARGV[from + 3] or nil,
    depth = tonumber(ARGV[from + 4]), agent = ARGV[from + 5], flags = tonumber(ARGV[from + 6]),
    holder = ARGV[from + 7], authority = ARGV[from + 8], json = ARGV[from + 9],
    created = tonumber(ARGV[from + 10]), expires = tonumber(ARGV[from + 11]), initial = ARGV[from + 12],
    seen = tonumber(ARGV[from + 13]), key = key ~= '' and string.sub(key, 2) or nil, request = ARGV[from + 15],
    limits = ARGV[from + 16], spend = ARGV[from + 17], event = ARGV[from + 18], now = tonumber(ARGV[from + 19]),
  }
end

-- The newest cut that judges hops by position and could cover one made under `parent` by this agent.
local function newest_cut(tree, parent, draft, principal)
  local fields = { 'e', 'a' .. draft.agent }
  if parent then
    local chain = chain_of(tree, parent)
    load_statics(tree, chain)
    for n = 1, #chain do
      fields[#fields + 1] = 'a' .. static_of(tree, chain[n])[4]
    end
  end
  if principal then
    fields[#fields + 1] = 'p' .. principal
  end
  local found = marks_of(draft.tenant, unpack(fields))
  local newest = 0
  for n = 1, #fields do
    newest = math.max(newest, tonumber(found[n] or 0))
  end
  return newest
end

-- What stands against a hop that is not there yet. `tree` has at least tenant and name. principal: net(issuer, subject) of a root.
local function check_new(tree, draft, parent, principal, unseen)
  local newest = 0
  local marked = has_marks(tree)
  if marked then
    local found = marks_of(draft.tenant, 'b' .. draft.agent, 'k' .. draft.holder)
    if found[1] or found[2] then
      revoked(draft.id)
    end
  end
  if unseen and redis.call('HEXISTS', base .. 'x' .. tree.name, 'h' .. draft.id) == 1 then
    revoked(draft.id)
  end
  if marked then
    newest = newest_cut(tree, parent, draft, principal)
  end
  if draft.seen == nil or draft.seen < newest or draft.seen > world.position then
    refuse('position_behind', 'a newer cut would cover the hop', draft.id)
  end
end

local function check_child(tree, parent, draft, known)
  if has_flag(live_of(tree, parent)[2], BELOW) then
    revoked(static_of(tree, parent)[1])
  end
  if draft.depth ~= static_of(tree, parent)[3] + 1 then
    refuse('depth_invalid', "depth is not the parent's plus one", draft.id)
  end
  if draft.depth >= HOPS then
    refuse('depth_exhausted', 'tree is at its deepest', static_of(tree, parent)[1], 'HOPS_MAX')
  end
  if known then
    taken(draft.id)
  end
  check_new(tree, draft, parent, nil, tree_has(tree, 2))
end

-- Whether one more hop fits under `parent` and all above it.
local function check_room(tree, parent)
  local live = live_of(tree, parent)
  if live[10] and live[3] + 1 > live[10] then
    refuse('children_exhausted', 'no child is left', static_of(tree, parent)[1], 'limits.children')
  end
  local chain = chain_of(tree, parent)
  for n = #chain, 1, -1 do
    local one = tree.lives[chain[n]]
    if one[11] and one[4] + 1 > one[11] then
      refuse('descendants_exhausted', 'no descendant is left', static_of(tree, chain[n])[1], 'limits.descendants')
    end
  end
end

-- The hop in the slot of this key under `parent` (0: the roots), and whether it is the answer; nil for a slot that is free.
local function taken_slot(tree, parent, draft)
  if draft.key == nil then
    return nil
  end
  local slot = tree.slots and tree.slots[parent .. ':' .. draft.key]
  if slot == nil then
    slot = redis.call('HGET', base .. 'k' .. tree.name, parent .. ':' .. draft.key)
    slot = slot and cmsgpack.unpack(slot)
  end
  if not slot then
    return nil
  end
  if slot[1] ~= draft.request then
    refuse('idempotency_conflict', 'the key was used for another request', static_of(tree, slot[2])[1], 'idempotency')
  end
  require_open(tree, slot[2])
  return slot[2], static_of(tree, slot[2])[5] == draft.holder
end

-- An authority that was told before need not be told again. @refuses untold (which stays inside: whoever asked tells it)
local function check_authority(draft)
  if draft.json == '' and redis.call('HEXISTS', base .. 'g', draft.authority) == 0 then
    refuse('untold', 'authority was never told')
  end
end

-- The short name of an authority in this partition, kept as long as its tree.
local function keep_authority(tree, draft)
  local ends = tree.m[7]
  local known = redis.call('HGET', base .. 'g', draft.authority)
  local ref, kept
  if known then
    ref, kept = unpack(cmsgpack.unpack(known))
    if kept >= ends then
      return ref
    end
  else
    ref = redis.call('HINCRBY', base .. 'm', 'refs', 1)
    redis.call('HSET', base .. 'ga', ref, cmsgpack.pack({ draft.authority, draft.json }))
  end
  redis.call('HSET', base .. 'g', draft.authority, cmsgpack.pack({ ref, ends + DAY }))
  redis.call('ZADD', base .. 'ge', int(ends + DAY), ref)
  return ref
end

-- Three limits of counts and those of spend, as they stand in a live record; nil when none is stated.
local function read_limits(draft, live)
  if draft.limits == ',,' and draft.spend == '' then
    return false
  end
  local children, descendants, calls = string.match(draft.limits, '^(%d*),(%d*),(%d*)$')
  live[10] = tonumber(children) or false
  live[11] = tonumber(descendants) or false
  live[12] = tonumber(calls) or false
  if draft.spend ~= '' then
    local spend = {}
    for currency, amount in string.gmatch(string.sub(draft.spend, 2), '([^,=]+)=([^,=]+)') do
      spend[#spend + 1] = currency
      spend[#spend + 1] = amount
    end
    live[14] = spend
  end
  return true
end

-- Hangs the new hop under its parent, or beside the other roots.
local function link_hop(tree, parent, ordinal, above)
  if not parent then
    if tree.m[8] ~= 0 then
      tree.siblings[tree.m[8]] = ordinal
    end
    tree.m[8] = ordinal
    return
  end
  local live = touch(tree, parent)
  if live[7] == 0 then
    live[6] = ordinal
  else
    tree.siblings[live[7]] = ordinal
  end
  live[7] = ordinal
  live[8] = live[8] + 1
  for n = 1, #above do
    local one = touch(tree, above[n])
    one[9] = one[9] + 1
  end
end

-- What was noted of the hop before it was seen: what it used up offline, and a cut of everything below it.
local function adopt(tree, ordinal, id, live)
  if tree_has(tree, 4) then
    local key = base .. 'f' .. tree.name
    local tally = redis.call('HGET', key, id)
    if tally then
      local calls, spend = unpack(cmsgpack.unpack(tally))
      live[5], live[13] = calls, spend
      touch(tree, ordinal)
      tree.adopted = tree.adopted or {}
      tree.adopted[#tree.adopted + 1] = id
    end
  end
  if tree_has(tree, 2) and redis.call('HEXISTS', base .. 'x' .. tree.name, 'b' .. id) == 1 then
    live[2] = live[2] + BELOW
    touch(tree, ordinal)
  end
end

-- Plants the hop that was judged: charges all above, or takes the place of `old`, which ends as `ending`. Returns its ordinal.
local function plant(tree, draft, parent, old, ending)
  local ordinal = tree.m[1] + 1
  tree.m[1] = ordinal
  local above, soonest = {}, draft.expires
  if parent then
    above = chain_of(tree, parent)
    soonest = math.min(soonest, static_of(tree, parent)[12])
  end
  local live = read_live(false)
  tree.statics[ordinal] = {
    draft.id, parent or 0, draft.depth, draft.agent, draft.holder, draft.authority, draft.created, draft.expires,
    world.position, draft.flags, old or 0, soonest, above,
  }
  tree.ids[draft.id] = ordinal
  tree.lives[ordinal] = live
  tree.fresh[#tree.fresh + 1] = ordinal
  tree.drafts = tree.drafts or {}
  tree.drafts[ordinal] = draft
  live[1] = draft.initial
  if read_limits(draft, live) or draft.initial ~= 'active' then
    touch(tree, ordinal)
  end
  link_hop(tree, parent, ordinal, above)
  world.hops = world.hops + 1
  tree.m[3] = math.max(tree.m[3], draft.expires)
  adopt(tree, ordinal, draft.id, live)
  if old then
    local before = touch(tree, old)
    touch(tree, ordinal)
    live[3], live[4], live[5], live[13] = before[3], before[4], before[5], before[13]
    before[15] = ordinal
    end_hop(tree, old, ending)
    inherit_below(tree, old, ordinal)
  elseif parent then
    local up = touch(tree, parent)
    up[3] = up[3] + 1
    for n = 1, #above do
      local one = touch(tree, above[n])
      one[4] = one[4] + 1
    end
  end
  if draft.key then
    tree.slots = tree.slots or {}
    tree.slots[(parent or 0) .. ':' .. draft.key] = { draft.request, ordinal }
  end
  return ordinal
end

-- Writes what was planted, and the rest of the tree.
local function flush_planted(tree)
  keep_tree(tree)
  for n = 1, #tree.fresh do
    local static = tree.statics[tree.fresh[n]]
    static[6] = keep_authority(tree, tree.drafts[tree.fresh[n]])
  end
  for field, slot in pairs(tree.slots or {}) do
    redis.call('HSET', key_for(tree, 'k'), field, cmsgpack.pack(slot))
  end
  for _, id in ipairs(tree.adopted or {}) do
    redis.call('HDEL', base .. 'f' .. tree.name, id)
  end
  flush_tree(tree)
end

-- What a new hop's line says besides its draft: whose place it took, and that its maker could not know.
local function made_facts(old, replaced)
  local members = replaced and '"kind":"hop.replaced",' or ''
  return facts_json(members, old and '"predecessor":' .. quoted(old) .. ',' or '')
end

-- The reply of a move that made a hop: outcome, then what its maker cannot know.
-- {'ok', outcome, position, state, calls, children, descendants, spend, predecessor or '', the cut's JSON or ''}
local function made_reply(tree, ordinal, outcome, cut)
  local live = live_of(tree, ordinal)
  local static = static_of(tree, ordinal)
  local predecessor = static[14] or (static[11] ~= 0 and static_of(tree, static[11])[1]) or ''
  return {
    'ok', outcome, int(static[9]), own_state(tree, ordinal), int(live[5]), int(live[3]), int(live[4]),
    spend_text(live[13]), predecessor, cut or '',
  }
end

-- {'ok', 'existing', the cut's JSON or '', hop}
local function existing_reply(tree, ordinal, cut)
  return show_hop(tree, ordinal, { 'ok', 'existing', cut or '' })
end
