--[[
admit: lets one allowed call happen. Every hop is effectively active, every hop that states a budget is charged, tickets and the single use
are consumed and the line is written, or nothing is.

ARGV 1-4 as every move, 5 tenant, 6 tree, 7 position that the guard has seen, 8 '' or '=' and what is used once, 9 event,
     10 JSON of limits that links state ([{hop, calls, spend: [currency, amount, ...]}]) or '',
     11 '!' when an amount of this call is none, or '', then four lists, each with its length in front:
     hops root first; links that need no record; spend (currency, amount, ...); tickets (ticket, binding, ...)
Reply ok, position, number of the line
]]
--- @include lib/quick-admit
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/tickets
--- @include lib/decimal
--- @include lib/budget

local HOPS, TALLIES, REPLAYS = 64, 100000, 1000000 -- HOPS_MAX, OFFLINE_TALLIES_PER_TREE_MAX, REPLAYS_MAX

local function read_list(from)
  local count = tonumber(ARGV[from])
  local list = {}
  for n = 1, count do
    list[n] = ARGV[from + n]
  end
  return list, from + count + 1
end

local function unregistered(hop)
  refuse('hop_unregistered', 'no record of this hop', hop)
end

local function index_of(list, one)
  for n = 1, #list do
    if list[n] == one then
      return n
    end
  end
  return nil
end

-- The last hop that a record is kept of, and its chain, which is exactly the first hops.
local function registered_leaf(tree, hops)
  if tree == nil or #hops == 0 or #hops > HOPS then
    unregistered(hops[1] or ARGV[6])
  end
  local found = redis.call('HMGET', base .. 'i' .. tree.name, unpack(hops))
  local leaf
  for n = 1, #hops do
    leaf = tonumber(found[n] or nil) or leaf
  end
  if leaf == nil then
    unregistered(hops[1])
  end
  local chain = chain_of(tree, leaf)
  for n = 1, #chain do
    if tonumber(found[n] or nil) ~= chain[n] then
      unregistered(static_of(tree, chain[n])[1])
    end
  end
  return leaf, chain
end

-- The links below the leaf, once each is known to be one, and none of them is cut.
local function check_offline(tree, leaf, chain, hops, offline)
  local beyond = {}
  for n = #chain + 1, #hops do
    beyond[#beyond + 1] = hops[n]
  end
  if #beyond == 0 then
    return beyond
  end
  if has_flag(tree.lives[leaf][2], BELOW) then
    revoked(static_of(tree, leaf)[1])
  end
  local unseen = base .. 'x' .. tree.name
  for n = 1, #beyond do
    local link = beyond[n]
    if not index_of(offline, link) or index_of(beyond, link) ~= n then
      unregistered(link)
    end
    if tree_has(tree, 2) then
      local cut = redis.call('HMGET', unseen, 'h' .. link, 'b' .. link)
      if cut[1] or (cut[2] and n < #beyond) then
        revoked(link)
      end
    end
  end
  return beyond
end

local WORDS = {
  asked = { 'approval_pending', 'ticket is not decided' },
  denied = { 'approval_denied', 'ticket was denied' },
  lapsed = { 'approval_lapsed', 'ticket has lapsed' },
  used = { 'approval_used', 'ticket is used' },
}

local function check_tickets(tree, hops, uses)
  local tickets = {}
  for n = 1, #uses, 2 do
    local ticket = read_ticket(tree, uses[n])
    if ticket == nil or ticket.seed.kind ~= 'call' or not index_of(hops, ticket.seed.hop) then
      refuse('approval_required', 'no such ticket for this chain')
    end
    if ticket.seed.binding ~= uses[n + 1] then
      refuse_ticket('approval_mismatch', 'ticket is for another call', ticket)
    end
    for m = 1, #tickets do
      if tickets[m].id == ticket.id then
        refuse_ticket('approval_used', 'ticket is named twice', ticket)
      end
    end
    local words = WORDS[ticket_state(ticket)]
    if words then
      refuse_ticket(words[1], words[2], ticket)
    end
    tickets[#tickets + 1] = ticket
  end
  return tickets
end

-- A life that lost something may have forgotten what was used up: nothing is, before all who know have said it again (come-forward.lua).
local function check_memory(tree)
  local m = redis.call('HMGET', base .. 'm', 'epoch', 'open', 'doubt')
  if m[1] ~= m[2] then
    refuse('store_unavailable', 'what was used up is being said again', nil, 'REPAIR')
  end
  if (tonumber(m[3]) or 0) > tree.s[6] then
    refuse('status_unknown', 'what was used up before a loss is not known', tree.id, 'outbox')
  end
end

local function check_once(tree, once)
  if once == nil then
    return
  end
  local key = base .. 'o' .. tree.name
  if redis.call('SISMEMBER', key, once) == 1 then
    refuse('proof_replayed', 'token is for a single use')
  end
  if redis.call('SCARD', key) >= REPLAYS then
    refuse('replay_store_full', 'too many single-use tokens in this tree')
  end
end

-- The stated limits that count: of links without a record.
local function stated_of(tree, chain, beyond)
  if ARGV[10] == '' then
    return {}
  end
  local stated, counted, seen = cjson.decode(ARGV[10]), {}, {}
  for n = 1, #stated do
    local one = stated[n]
    local ordinal = find_ordinal(tree, one.hop)
    local link = index_of(beyond, one.hop)
    if seen[one.hop] or not (link or (ordinal and index_of(chain, ordinal))) then
      refuse('invalid_request', 'limits of a hop that is not in the chain')
    end
    seen[one.hop] = true
    if link and (one.calls or one.spend) then
      counted[#counted + 1] = one
    end
  end
  return counted
end

local function check_links(tree, links, spend)
  if #links == 0 then
    return
  end
  local key, fresh = base .. 'f' .. tree.name, 0
  for n = 1, #links do
    local tally = redis.call('HGET', key, links[n].hop)
    links[n].tally = tally and cmsgpack.unpack(tally) or { 0, false }
    fresh = fresh + (tally and 0 or 1)
  end
  if redis.call('HLEN', key) + fresh > TALLIES then
    refuse('quota_exceeded', 'too many links count without a record', tree.id, 'OFFLINE_TALLIES_PER_TREE_MAX')
  end
  for n = 1, #links do
    local one = links[n]
    check_budget(one.hop, one.calls, one.spend, one.tally[1], one.tally[2], spend)
  end
end

local function charge(tree, chain, links, spend)
  for n = 1, #chain do
    local live = tree.lives[chain[n]]
    if live[12] or live[14] then
      touch(tree, chain[n])
      live[5] = live[5] + 1
      live[13] = add_spend(live[13], spend)
    end
  end
  for n = 1, #links do
    local tally = links[n].tally
    set_tree_flag(tree, 4)
    redis.call('HSET', key_for(tree, 'f'), links[n].hop, cmsgpack.pack({ tally[1] + 1, add_spend(tally[2], spend) }))
  end
end

local function facts_of(tree, leaf, beyond)
  local static = static_of(tree, leaf)
  local data = '"data":{"position":' .. int(world.position)
  if #beyond > 0 then
    return '{' .. data .. ',"under":' .. quoted(static[1]) .. '}}'
  end
  local identity = static[10] % 2 == 1 and 'proven' or 'asserted'
  return '{"agent":' .. quoted(static[4]) .. ',"identity":"' .. identity .. '",' .. data .. '}}'
end

local function move()
  begin()
  if tonumber(ARGV[7]) > world.position then
    refuse('store_unavailable', 'store is behind what the guard has seen')
  end
  local tree = read_tree(ARGV[5], ARGV[6])
  local hops, offline, spend, uses, after
  hops, after = read_list(12)
  offline, after = read_list(after)
  spend, after = read_list(after)
  uses = read_list(after)
  local leaf, chain = registered_leaf(tree, hops)
  require_active(tree, leaf)
  local beyond = check_offline(tree, leaf, chain, hops, offline)
  local once = ARGV[8] ~= '' and string.sub(ARGV[8], 2) or nil
  if once or #uses > 0 or #spend > 0 then
    check_memory(tree)
  end
  local tickets = check_tickets(tree, hops, uses)
  check_once(tree, once)
  if ARGV[11] == '!' then
    refuse('malformed', 'not a decimal amount')
  end
  for n = 1, #chain do
    local live = tree.lives[chain[n]]
    if live[12] or live[14] then
      check_budget(static_of(tree, chain[n])[1], live[12], live[14], live[5], live[13], spend)
    end
  end
  local links = stated_of(tree, chain, beyond)
  check_links(tree, links, spend)
  charge(tree, chain, links, spend)
  for n = 1, #tickets do
    tickets[n].state = next_state('approval', tickets[n].state, 'use')
    write_ticket(tree, tickets[n])
  end
  if once then
    redis.call('SADD', key_for(tree, 'o'), once)
  end
  write_line(tree, ARGV[9], facts_of(tree, leaf, beyond))
  flush_tree(tree)
  finish()
  return { 'ok', int(world.position), int(world.seq) }
end

return guarded(move)
