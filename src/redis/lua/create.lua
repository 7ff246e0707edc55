--[[
create: makes one hop below a parent that is effectively active.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5-24 a draft (lib/make.lua)
Replies see lib/make.lua, `made_reply` and `existing_reply`.
]]
--- @include lib/quick-create
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/show
--- @include lib/make

local function move()
  begin()
  local draft = read_draft(5)
  local tree = read_tree(draft.tenant, draft.tree)
  if tree == nil or draft.parent == nil then
    return unknown(draft.parent or draft.tree)
  end
  local parent, known = find_ordinals(tree, draft.parent, draft.id)
  if parent == nil then
    return unknown(draft.parent)
  end
  require_active(tree, parent)
  local old, same = taken_slot(tree, parent, draft)
  if same then
    return existing_reply(tree, old)
  end
  check_child(tree, parent, draft, known)
  if old == nil then
    check_room(tree, parent)
  end
  check_authority(draft)
  local ordinal = plant(tree, draft, parent, old, 'revoked')
  write_line(tree, draft.event, made_facts(old and static_of(tree, old)[1], old ~= nil))
  flush_planted(tree)
  finish()
  return made_reply(tree, ordinal, old and 'replaced' or 'created')
end

return guarded(move)
