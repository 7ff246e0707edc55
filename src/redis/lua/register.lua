--[[
register: makes hops that were delegated offline, root-most first, all or none; hops that are known are left alone.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), then drafts of 20 each (lib/make.lua), all of one tree
Reply {'ok', 17 texts of each hop (lib/show.lua)}
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/show
--- @include lib/make

local tree

-- Judges one link and plants it in what was read; nothing is written before all were judged.
local function add(draft)
  local known = tree and find_ordinal(tree, draft.id)
  if known then
    local static = static_of(tree, known)
    local parent = static[2] ~= 0 and static_of(tree, static[2])[1] or nil
    if parent ~= draft.parent or static[5] ~= draft.holder then
      taken(draft.id)
    end
    require_open(tree, known)
    return known, false
  end
  local parent = tree and draft.parent and find_ordinal(tree, draft.parent)
  if not parent then
    return unknown(draft.parent or draft.tree)
  end
  require_active(tree, parent)
  check_child(tree, parent, draft, nil)
  check_room(tree, parent)
  draft.key = nil
  return plant(tree, draft, parent, nil), true
end

local function move()
  begin()
  local drafts, ordinals, made = {}, {}, {}
  for from = 5, #ARGV, DRAFT do
    local draft = read_draft(from)
    if draft.now == nil or not (math.abs(draft.now - world.own) <= world.tolerance) then
      refuse('clock_skewed', "caller's clock is too far from the store's")
    end
    drafts[#drafts + 1] = draft
  end
  if #drafts == 0 then
    return { 'ok' }
  end
  tree = read_tree(drafts[1].tenant, drafts[1].tree)
  for n, draft in ipairs(drafts) do
    world.at = math.max(draft.now, world.own)
    ordinals[n], made[n] = add(draft)
  end
  if tree and #tree.fresh > 0 then
    for n, draft in ipairs(drafts) do
      if made[n] then
        write_line(tree, draft.event)
      end
    end
    flush_planted(tree)
    finish()
  end
  local reply = { 'ok' }
  for n = 1, #ordinals do
    show_hop(tree, ordinals[n], reply)
  end
  return reply
end

return guarded(move)
