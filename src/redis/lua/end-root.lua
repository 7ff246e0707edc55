--[[
end-root: cuts a root whose place the root of another tree takes, and answers what that one has to count on from.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5 tenant, 6 tree, 7 its root, 8 event, 9 tree that takes its place, 10 '' or the tree that was
     to take it and never came
Reply {'ok', calls, children, descendants, spend, '1' when a cut stands against all below it or ''}
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/show
--- @include lib/on-hop

local function end_root()
  begin()
  local tree, root = read_hop()
  local live = live_of(tree, root)
  if (live[17] or '') ~= ARGV[10] then
    refuse('position_behind', 'another took the place of the root', tree.id)
  end
  if ARGV[10] == '' then
    require_open(tree, root)
    live = touch(tree, root)
    live[17] = ARGV[9]
    end_hop(tree, root, 'revoked')
    commit(tree, root, '')
  else
    require_tree(tree)
    -- The cut of its replacement does not stand; one that does reaches whoever takes its place.
    local _, standing = find_entry(boundary_key(tree.tenant, 'hop', tree.id, tree.id))
    if standing then
      revoked(tree.id)
    end
    touch(tree, root)[17] = ARGV[9]
    flush_tree(tree)
  end
  return {
    'ok', int(live[5]), int(live[3]), int(live[4]), spend_text(live[13]), has_flag(live[2], BELOW) and '1' or '',
  }
end

return guarded(end_root)
