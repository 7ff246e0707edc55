--[[
Tickets of a tree in order of asking, or one of them.

ARGV 5 tenant, 6 tree, 7 '' or '=' and one ticket, 8 how many to pass over
Reply ok, 'more' or '', one list for each (lib/tickets.lua, show_ticket)
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/tickets
--- @include lib/show
--- @include lib/look

local STEP = 256

local function look()
  begin_look()
  local tree = read_tree(ARGV[5], ARGV[6])
  if tree == nil then
    return { 'ok', '' }
  end
  local ids = { string.sub(ARGV[7], 2) }
  if ARGV[7] == '' then
    ids = redis.call('LRANGE', base .. 'j' .. tree.name, ARGV[8], ARGV[8] + STEP - 1)
  end
  local reply = { 'ok', #ids == STEP and 'more' or '' }
  for n = 1, #ids do
    local ticket = read_ticket(tree, ids[n])
    if ticket then
      reply[#reply + 1] = show_ticket(tree, ticket, {})
    end
  end
  return reply
end

return guarded(look)
