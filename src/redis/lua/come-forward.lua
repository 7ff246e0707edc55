--- @include lib/keys
--[[
Says that a process runs which may have let happen what may happen once (approvals, single use, money), and up to which life of the owner
it has said again what that life may have lost. Nothing of the kind happens before all have.

One that does not come back is waited for no longer than it counts as running. From then on, until it has come back, what it let happen may
be forgotten: trees that are older than the loss use up nothing any more.

ARGV 1 life of the shard ; 2 now, or '' for the server's own time ; 3 id of the outbox ; 4 epoch up to which all of it was said again
     5 how long it counts as running after its last word, ms ; 6 how long after a take-over nobody goes on, so that all who run have come
     forward, ms ; 7 how long an outbox keeps things, ms: what is older is no longer in any
Reply ok, 'open' or 'closed', epoch | refused, fenced or unstarted
Hash held: id of an outbox -> <epoch said>:<until when it counts as running>:<position before which trees are in doubt, or 0>.
Hash m: open, the epoch in which all that could be lost was said again ; doubt, position before which trees are in doubt, or 0.
]]
local life, own, who, said = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local lasting, grace, keep = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local FOREVER = 7776000000 -- LIFETIME_MS_MAX: no token is older
local m = redis.call('HMGET', base .. 'm', 'life', 'epoch', 'taken', 'generation', 'since', 'open', 'doubt', 'clock')
if m[1] ~= life then
  return { 'refused', 'fenced', '', '', '' }
end
if not m[4] then
  return { 'refused', 'unstarted', '', '', 'partition was never started' }
end
if own == '' then
  local time = redis.call('TIME')
  own = time[1] * 1000 + math.floor(time[2] / 1000)
end
local at = math.max(tonumber(own), tonumber(m[8]) or 0)
local epoch, taken = tonumber(m[2]), tonumber(m[3]) or 0

local function read_holder(text)
  local reached, till, mark = string.match(text or '', '^(%d+):(%d+):(%d+)$')
  return tonumber(reached or 0), tonumber(till or 0), tonumber(mark or 0)
end

local function write_holder(id, reached, till, mark)
  redis.call('HSET', base .. 'held', id, int(reached) .. ':' .. int(till) .. ':' .. int(mark))
end

local _, _, before = read_holder(redis.call('HGET', base .. 'held', who) or nil)
write_holder(who, said, at + lasting, said >= epoch and 0 or before)

local waiting, doubt = at < taken + grace, 0
local all = redis.call('HGETALL', base .. 'held')
for n = 1, #all, 2 do
  local reached, till, mark = read_holder(all[n + 1])
  local missed = taken > 0 and till >= taken - keep
  if reached >= epoch then
    if till < at - keep then
      redis.call('HDEL', base .. 'held', all[n])
    end
  elseif till >= at then
    waiting = true
    doubt = math.max(doubt, mark)
  elseif (mark > 0 or missed) and till >= at - FOREVER then
    local newer = missed and tonumber(m[5]) or mark
    if newer ~= mark then
      write_holder(all[n], reached, till, newer)
    end
    doubt = math.max(doubt, newer)
  else
    redis.call('HDEL', base .. 'held', all[n])
  end
end
if waiting and m[6] ~= m[2] then
  return { 'ok', 'closed', m[2] }
end
if m[6] ~= m[2] or (tonumber(m[7]) or 0) ~= doubt then
  redis.call('HSET', base .. 'm', 'open', m[2], 'doubt', int(doubt))
end
return { 'ok', 'open', m[2] }
