--[[
ask: keeps a ticket that nobody has decided.

ARGV 1-4 as every move, 5 tenant, 6 tree, 7 hop, 8 ticket, 9 kind, 10 '1' when it starts undecided, 11 deadline,
     12 JSON of what is asked (lib/tickets.lua), 13 '' or '=' and what the approver is shown, 14 event
Reply ok
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/tickets

local TICKETS = 1000 -- TICKETS_PER_TREE_MAX

local function judge_ask(tree, ordinal, id, deadline)
  if ARGV[9] == 'hop' then
    require_open(tree, ordinal)
  else
    require_active(tree, ordinal)
  end
  if redis.call('HEXISTS', base .. 'q' .. tree.name, id) == 1 then
    taken(ARGV[7])
  end
  if ARGV[10] ~= '1' or deadline <= world.at then
    refuse('invalid_request', 'a ticket starts undecided', nil, 'ticket')
  end
  if redis.call('ZCOUNT', base .. 'w' .. tree.name, '(' .. int(world.at), '+inf') >= TICKETS then
    refuse('quota_exceeded', 'too many tickets wait in this tree', ARGV[7], 'TICKETS_PER_TREE_MAX')
  end
end

local function move()
  begin()
  local tree = read_tree(ARGV[5], ARGV[6])
  local ordinal = tree and find_ordinal(tree, ARGV[7])
  if not ordinal then
    return unknown(ARGV[7])
  end
  local id, deadline = ARGV[8], tonumber(ARGV[11])
  judge_ask(tree, ordinal, id, deadline)
  local waiting = key_for(tree, 'w')
  redis.call('ZREMRANGEBYSCORE', waiting, '-inf', int(world.at))
  redis.call('ZADD', waiting, int(deadline), id)
  redis.call('RPUSH', key_for(tree, 'j'), id)
  write_ticket(tree, { id = id, state = 'asked', approvals = {}, json = ARGV[12] })
  if ARGV[13] ~= '' then
    redis.call('SET', shown_key(tree, id), string.sub(ARGV[13], 2), 'PX', int(deadline - world.at))
  end
  write_line(tree, ARGV[14])
  flush_tree(tree)
  finish()
  return { 'ok' }
end

return guarded(move)
