--[[
narrow: replaces a hop by a successor with the same parent, which keeps its counters.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5-24 a draft (lib/make.lua), 25 id of the hop that it replaces
Replies see lib/make.lua; the cut is the replaced hop's.
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/show
--- @include lib/make

local function check_place(tree, parent, draft, known)
  if parent ~= 0 then
    return check_child(tree, parent, draft, known)
  end
  if known then
    taken(draft.id)
  end
  return check_new(tree, draft, nil, net(tree.s[1], tree.s[2]), tree_has(tree, 2))
end

local function check_successor(tree, old, parent, draft, known)
  next_state('hop', own_state(tree, old), 'supersede')
  require_active(tree, old)
  local static = static_of(tree, old)
  local above = parent ~= 0 and static_of(tree, parent)[1] or nil
  if draft.parent ~= above or draft.depth ~= static[3] then
    refuse('invalid_request', "a successor has its predecessor's parent", static[1])
  end
  check_place(tree, parent, draft, known)
end

local function move()
  begin()
  local draft = read_draft(5)
  local tree = read_tree(draft.tenant, draft.tree)
  if tree == nil then
    return unknown(ARGV[25])
  end
  local old, known = find_ordinals(tree, ARGV[25], draft.id)
  if old == nil then
    return unknown(ARGV[25])
  end
  local parent = static_of(tree, old)[2]
  local first, same = taken_slot(tree, parent, draft)
  if same then
    local cut = find_entry(boundary_key(tree.tenant, 'hop', tree.id, ARGV[25]))
    return cut and existing_reply(tree, first, cut) or unknown(ARGV[25])
  end
  if first then
    check_place(tree, parent, draft, known)
  else
    check_successor(tree, old, parent, draft, known)
  end
  local replaced = first or old
  local ordinal = plant(tree, draft, parent ~= 0 and parent or nil, replaced, first and 'revoked' or 'superseded')
  write_line(tree, draft.event, made_facts(static_of(tree, replaced)[1], first ~= nil))
  flush_planted(tree)
  finish()
  return made_reply(tree, ordinal, first and 'replaced' or 'created', world.entries[1])
end

return guarded(move)
