--[[
open: makes a tree and its root hop.

KEYS 1 base key
ARGV 1-4 as every move (lib/world.lua), 5-24 a draft (lib/make.lua), 25 issuer, 26 subject, 27 trigger, 28 createdAt, 29 expiresAt,
     30 lease until or '', 31 lease state or '', 32 '' or the root of the tree whose place it takes, 33 its calls, 34 children,
     35 descendants, 36 spend, 37 '1' when a cut stands against all below it
Reply see lib/make.lua, `made_reply`.
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/cuts
--- @include lib/show
--- @include lib/make

local function spend_of(text)
  local spend = {}
  for currency, amount in string.gmatch(text, '([^,=]+)=([^,=]+)') do
    spend[#spend + 1] = currency
    spend[#spend + 1] = amount
  end
  return #spend > 0 and spend or false
end

local function new_tree(draft)
  return {
    tenant = draft.tenant, id = draft.tree, name = tree_name(draft.tenant, draft.tree),
    s = { ARGV[25], ARGV[26], ARGV[27], tonumber(ARGV[28]), tonumber(ARGV[29]), world.position },
    m = { 0, 0, tonumber(ARGV[29]), 0, tonumber(ARGV[30]) or 0, ARGV[31], 0, 0, 0, 'tia', tonumber(ARGV[29]) },
    ids = {}, statics = {}, lives = {}, dirty = {}, fresh = {}, siblings = {},
  }
end

-- Counts on where the old root stood; the old one is ended in its own partition.
local function take_place(tree, ordinal)
  local live = touch(tree, ordinal)
  tree.statics[ordinal][14] = ARGV[32]
  live[5], live[3], live[4] = tonumber(ARGV[33]), tonumber(ARGV[34]), tonumber(ARGV[35])
  live[13] = spend_of(ARGV[36])
  if ARGV[37] == '1' then
    mark_below(tree, ordinal)
    log_cut(tree.tenant, tree, true, 'below', tree.id, tree.id)
  end
end

-- Trees are listed by when they were opened, in microseconds, no two alike.
local function list_tree(tree)
  local time = redis.call('TIME')
  local last = tonumber(redis.call('HGET', base .. 'm', 'opened') or 0)
  local opened = math.max(time[1] * 1000000 + time[2], last + 1)
  redis.call('HSET', base .. 'm', 'opened', int(opened))
  redis.call('HINCRBY', base .. 'm', 'trees', 1)
  redis.call('ZADD', base .. 'T' .. tree.tenant, int(opened), tree.id)
  if tree.m[6] == 'held' then
    redis.call('ZADD', base .. 'lease', int(tree.m[5]), tree.name)
  end
end

local function move()
  begin()
  local draft = read_draft(5)
  local tree = new_tree(draft)
  if redis.call('EXISTS', base .. 't' .. tree.name) == 1 then
    taken(tree.id)
  end
  local unseen = redis.call('EXISTS', base .. 'x' .. tree.name) == 1
  check_new(tree, draft, nil, net(tree.s[1], tree.s[2]), unseen)
  if unseen then
    if redis.call('HEXISTS', base .. 'x' .. tree.name, 't') == 1 then
      revoked(tree.id)
    end
    set_tree_flag(tree, 2)
    tree.m[10] = tree.m[10] .. 'x'
  end
  if tree.m[6] ~= '' and (tree.m[6] ~= 'held' or tree.m[5] <= world.at) then
    refuse('lease_lapsed', 'lease is not held', tree.id)
  end
  local ordinal = plant(tree, draft, nil, nil)
  local replaced = ARGV[32] ~= ''
  if replaced then
    take_place(tree, ordinal)
  end
  redis.call('HSET', base .. 't' .. tree.name, 's', cmsgpack.pack(tree.s))
  list_tree(tree)
  write_line(tree, draft.event, made_facts(replaced and ARGV[32], replaced))
  flush_planted(tree)
  finish()
  return made_reply(tree, ordinal, replaced and 'replaced' or 'created')
end

return guarded(move)
