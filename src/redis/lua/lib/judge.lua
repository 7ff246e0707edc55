--[[
What state a hop is in at one instant: its own, and the worst along its chain. The order of RANK is that of `lifecycle/state.ts`.
A hop is named by its ordinal in a tree that was read (tree.lua).
]]
local RANK = {
  active = 1, suspended = 2, pending_approval = 3, requested = 4,
  completed = 5, superseded = 6, denied = 7, expired = 8, revoked = 9,
}

local function is_final(state)
  return RANK[state] > 4
end

-- Marks that stand in a tenant, or false where there are none at all: then nobody looks for one.
local function has_marks(tree)
  if tree.marks == nil then
    tree.marks = redis.call('EXISTS', base .. 'S' .. tree.tenant) == 1
  end
  return tree.marks
end

local function marks_of(tenant, ...)
  return redis.call('HMGET', base .. 'S' .. tenant, ...)
end

-- Whether marks of the tenant cover this hop.
local function is_marked(tree, static)
  if not has_marks(tree) then
    return false
  end
  local found = marks_of(tree.tenant, 'e', 'a' .. static[4], 'b' .. static[4], 'k' .. static[5])
  local newest = math.max(tonumber(found[1] or 0), tonumber(found[2] or 0))
  return newest > static[9] or found[3] ~= false or found[4] ~= false
end

-- Whether a cut stands against the hop itself, whatever its ancestors' are.
local function is_cut(tree, ordinal)
  if has_flag(live_of(tree, ordinal)[2], CUT) then
    return true
  end
  local static = static_of(tree, ordinal)
  local parent = static[2]
  if parent ~= 0 and has_flag(live_of(tree, parent)[2], BELOW) then
    return true
  end
  return is_marked(tree, static)
end

-- A final state stays, a cut hop is revoked and one past its time expired, whether or not anybody wrote that down.
local function own_state(tree, ordinal)
  local state = live_of(tree, ordinal)[1]
  if is_final(state) then
    return state
  end
  if is_cut(tree, ordinal) then
    return 'revoked'
  end
  if static_of(tree, ordinal)[8] <= world.at then
    return 'expired'
  end
  return state
end

-- What the hop adds to the state of everything below: a cut outweighs the way it ended.
local function judged(tree, ordinal)
  if is_cut(tree, ordinal) then
    return 'revoked'
  end
  return own_state(tree, ordinal)
end

local function has_lapsed(tree)
  local state = tree.m[6]
  return state == 'lapsed' or (state == 'held' and tree.m[5] <= world.at)
end

-- State, code and words of why nothing in the tree is active; nil when that is not so.
local function tree_fault(tree)
  if tree_has(tree, CUT) then
    return 'revoked', 'delegation_revoked', 'hop is revoked'
  end
  if has_marks(tree) then
    local cut = marks_of(tree.tenant, 'p' .. net(tree.s[1], tree.s[2]))[1]
    if cut and tonumber(cut) > tree.s[6] then
      return 'revoked', 'delegation_revoked', 'hop is revoked'
    end
  end
  if has_lapsed(tree) then
    return 'revoked', 'lease_lapsed', 'lease of the tree has lapsed'
  end
  if tree.s[5] <= world.at then
    return 'expired', 'hop_not_active', 'hop is not active'
  end
  return nil
end

local function require_tree(tree)
  local _, code, words = tree_fault(tree)
  if code then
    refuse(code, words, tree.id)
  end
end

-- Whether nothing at all stands against any hop of the chain: the common case, without a look at each record.
local function is_plain(tree, chain)
  if has_marks(tree) then
    return false
  end
  local last = #chain
  if static_of(tree, chain[last])[12] <= world.at then
    return false
  end
  for n = 1, last do
    local live = tree.lives[chain[n]]
    if live[1] ~= 'active' or (live[2] ~= 0 and (n < last or has_flag(live[2], CUT))) then
      return false
    end
  end
  return true
end

-- The worst state along the chain, and the root-most hop in it. The tree's own state is not in it.
local function worst_of(tree, chain)
  load_statics(tree, chain)
  local state, ordinal = 'active', chain[#chain]
  local rank = 1
  for n = 1, #chain do
    local one = judged(tree, chain[n])
    if RANK[one] > rank then
      state, ordinal, rank = one, chain[n], RANK[one]
    end
  end
  return state, ordinal
end

-- The worst state along the chain from the root, the tree's own included.
local function effective_state(tree, ordinal)
  local state = tree_fault(tree) or 'active'
  local chain = chain_of(tree, ordinal)
  if is_plain(tree, chain) then
    return state
  end
  local worst = worst_of(tree, chain)
  return RANK[worst] > RANK[state] and worst or state
end

-- Refuses unless every hop from the root to this one is active, and the tree is, naming the root-most hop in the worst state.
local function require_active(tree, ordinal)
  require_tree(tree)
  local chain = chain_of(tree, ordinal)
  if is_plain(tree, chain) then
    return
  end
  local state, at = worst_of(tree, chain)
  if state == 'active' then
    return
  end
  local id = static_of(tree, at)[1]
  if state == 'revoked' then
    refuse('delegation_revoked', 'hop is revoked', id)
  elseif state == 'suspended' then
    refuse('delegation_suspended', 'hop is suspended', id)
  end
  refuse('hop_not_active', 'hop is not active', id)
end

-- The same, for a hop that may itself still wait for approval.
local function require_open(tree, ordinal)
  local waits = own_state(tree, ordinal) == 'pending_approval' and not is_cut(tree, ordinal)
  if not waits then
    return require_active(tree, ordinal)
  end
  local parent = static_of(tree, ordinal)[2]
  if parent ~= 0 then
    return require_active(tree, parent)
  end
  return require_tree(tree)
end
