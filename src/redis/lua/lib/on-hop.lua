--[[
Moves on one hop that is known. ARGV after those of every move: 5 tenant, 6 tree, 7 hop, 8 event.
]]

-- The tree and the hop's ordinal. @refuses hop_not_found
local function read_hop()
  local tree = read_tree(ARGV[5], ARGV[6])
  local ordinal = tree and find_ordinal(tree, ARGV[7])
  if not ordinal then
    return unknown(ARGV[7])
  end
  return tree, ordinal
end

-- Writes the line, which tells who the hop is whatever the draft says, and all else. data: JSON of facts, a comma behind each, or ''.
local function commit(tree, ordinal, data)
  local static = static_of(tree, ordinal)
  local identity = static[10] % 2 == 1 and 'proven' or 'asserted'
  local members = '"agent":' .. quoted(static[4]) .. ',"identity":"' .. identity .. '",'
  write_line(tree, ARGV[8], facts_json(members, data))
  flush_tree(tree)
  finish()
end
