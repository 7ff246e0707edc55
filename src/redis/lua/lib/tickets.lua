--[[
Approval tickets of a tree: asked, decided by people, used once. Needs world, table, tree, judge, feed.

  q<T>  hash  ticket -> packed {1 state, 2 approvals, 3 JSON of what was asked (a TicketRecord without tenant, tree, shown, state, approvals)}
  j<T>  list  tickets in order of asking
  w<T>  zset  tickets that nobody decided, by deadline
  y<net(T, ticket)>  string  what its approver is shown; goes with the decision, and by itself at the deadline
]]
local function read_ticket(tree, id)
  local found = redis.call('HGET', base .. 'q' .. tree.name, id)
  if not found then
    return nil
  end
  local state, approvals, json = unpack(cmsgpack.unpack(found))
  return { id = id, state = state, approvals = approvals, json = json, seed = cjson.decode(json) }
end

local function write_ticket(tree, ticket)
  redis.call('HSET', key_for(tree, 'q'), ticket.id, cmsgpack.pack({ ticket.state, ticket.approvals, ticket.json }))
end

local function shown_key(tree, id)
  return base .. 'y' .. net(tree.name, id)
end

-- The state by now: one that nobody decided or used until its deadline has lapsed.
local function ticket_state(ticket)
  local open = ticket.state == 'asked' or ticket.state == 'granted'
  if open and ticket.seed.deadline <= world.at then
    return 'lapsed'
  end
  return ticket.state
end

-- Nobody has to decide it any more.
local function settle_ticket(tree, id)
  redis.call('ZREM', base .. 'w' .. tree.name, id)
  redis.call('DEL', shown_key(tree, id))
end

local function refuse_ticket(code, message, ticket)
  local tool = ticket.seed.tool
  refuse(code, message, ticket.seed.hop, tool and 'limits.approval.' .. tool)
end

-- state, JSON of what was asked, '' or '=' and what is shown, approvals ...
local function show_ticket(tree, ticket, into)
  local state = ticket_state(ticket)
  local shown = state == 'asked' and redis.call('GET', shown_key(tree, ticket.id))
  into[#into + 1] = state
  into[#into + 1] = ticket.json
  into[#into + 1] = shown and '=' .. shown or ''
  for n = 1, #ticket.approvals do
    into[#into + 1] = ticket.approvals[n]
  end
  return into
end
