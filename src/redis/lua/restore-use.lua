--[[
restore-use: writes again what a call used up, where a life of the owner lost it: it has happened, so nothing is judged. Once for each use.

ARGV 1-4 as every move, 5 tenant, 6 tree, 7 id of the use, 8 '' or '=' and what is used once, 9 event,
     10 JSON of limits that links state (admit.lua) or '', 11 position that it was let in at, then three lists, each with its length in front:
     hops root first; spend (currency, amount, ...); tickets
Reply ok, '1' when it was written
Set u<T>: ids of the uses that were written again.
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/tickets
--- @include lib/decimal
--- @include lib/budget

local function read_list(from)
  local count = tonumber(ARGV[from])
  local list = {}
  for n = 1, count do
    list[n] = ARGV[from + n]
  end
  return list, from + count + 1
end

-- The ordinals of the hops that are known, and the same by id.
local function known_of(tree, hops)
  local found = redis.call('HMGET', base .. 'i' .. tree.name, unpack(hops))
  local chain, by_id = {}, {}
  for n = 1, #hops do
    local ordinal = tonumber(found[n] or nil)
    if ordinal then
      chain[#chain + 1] = ordinal
      by_id[hops[n]] = ordinal
    end
  end
  return chain, by_id
end

local function charge(tree, chain, by_id, spend)
  if #chain > 0 then
    load_lives(tree, chain)
  end
  for n = 1, #chain do
    local live = live_of(tree, chain[n])
    if live[12] or live[14] then
      touch(tree, chain[n])
      live[5] = live[5] + 1
      live[13] = add_spend(live[13], spend)
    end
  end
  local stated = ARGV[10] ~= '' and cjson.decode(ARGV[10]) or {}
  for n = 1, #stated do
    local one = stated[n]
    if not by_id[one.hop] and (one.calls or one.spend) then
      local key = key_for(tree, 'f')
      local known = redis.call('HGET', key, one.hop)
      local tally = known and cmsgpack.unpack(known) or { 0, false }
      set_tree_flag(tree, 4)
      redis.call('HSET', key, one.hop, cmsgpack.pack({ tally[1] + 1, add_spend(tally[2], spend) }))
    end
  end
end

-- One that was not decided yet, as far as this life knows, had been: it was used. It waits until its deadline and is shown to nobody.
local function use_tickets(tree, tickets)
  for n = 1, #tickets do
    local ticket = read_ticket(tree, tickets[n])
    if ticket and ticket.state == 'asked' then
      ticket.state = next_state('approval', ticket.state, 'grant')
    end
    if ticket and ticket.state == 'granted' then
      ticket.state = next_state('approval', ticket.state, 'use')
      write_ticket(tree, ticket)
    end
  end
end

-- A hop that was lost is told of by the last above it that was not.
local function facts_of(tree, leaf, known)
  local static = static_of(tree, leaf)
  local data = '"data":{"position":' .. ARGV[11] .. ',"restored":true'
  if not known then
    return '{' .. data .. ',"under":' .. quoted(static[1]) .. '}}'
  end
  local identity = static[10] % 2 == 1 and 'proven' or 'asserted'
  return '{"agent":' .. quoted(static[4]) .. ',"identity":"' .. identity .. '",' .. data .. '}}'
end

local function move()
  begin()
  local hops, spend, tickets, after
  hops, after = read_list(12)
  spend, after = read_list(after)
  tickets = read_list(after)
  local tree = read_tree(ARGV[5], ARGV[6])
  local chain, by_id
  if tree then
    chain, by_id = known_of(tree, hops)
  end
  -- Without the root's record nothing of the tree is let in any more.
  if not tree or #chain == 0 or redis.call('SISMEMBER', base .. 'u' .. tree.name, ARGV[7]) == 1 then
    return { 'ok', '0' }
  end
  charge(tree, chain, by_id, spend)
  use_tickets(tree, tickets)
  if ARGV[8] ~= '' then
    redis.call('SADD', key_for(tree, 'o'), string.sub(ARGV[8], 2))
  end
  redis.call('SADD', key_for(tree, 'u'), ARGV[7])
  write_line(tree, ARGV[9], facts_of(tree, chain[#chain], #chain == #hops))
  flush_tree(tree)
  finish()
  return { 'ok', '1' }
end

return guarded(move)
