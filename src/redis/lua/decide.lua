--[[
decide: one person's yes or no.

ARGV 1-4 as every move, 5 tenant, 6 tree, 7 ticket, 8 approver, 9 'approve' or 'deny', 10 event
Reply ok, the ticket as it stands then (lib/tickets.lua, show_ticket)
]]
--- @include lib/world
--- @include lib/table
--- @include lib/tree
--- @include lib/judge
--- @include lib/feed
--- @include lib/tickets

local function contains(list, one)
  for n = 1, #list do
    if list[n] == one then
      return true
    end
  end
  return false
end

-- The state that the decision leads to, and whether it says anything new.
local function judge_decision(tree, ordinal, ticket, approver, verdict)
  local seed = ticket.seed
  local state = ticket_state(ticket)
  if state == 'lapsed' then
    refuse_ticket('approval_lapsed', 'ticket has lapsed', ticket)
  elseif state == 'used' then
    refuse_ticket('approval_used', 'ticket is used', ticket)
  end
  if (seed.from and not contains(seed.from, approver)) or contains(seed.excluded, approver) then
    refuse_ticket('approver_not_allowed', 'approver may not decide this ticket', ticket)
  end
  if verdict == 'deny' then
    return next_state('approval', state, 'deny'), true
  end
  local known = contains(ticket.approvals, approver)
  local count = #ticket.approvals + (known and 0 or 1)
  local to = next_state('approval', state, count >= seed.need and 'grant' or 'vote')
  if seed.kind == 'hop' then
    require_open(tree, ordinal)
  else
    require_active(tree, ordinal)
  end
  return to, not known
end

local function move()
  begin()
  local tree = read_tree(ARGV[5], ARGV[6])
  local ticket = tree and read_ticket(tree, ARGV[7])
  local ordinal = ticket and find_ordinal(tree, ticket.seed.hop)
  if not ordinal then
    refuse('ticket_not_found', 'no such ticket')
  end
  local to, news = judge_decision(tree, ordinal, ticket, ARGV[8], ARGV[9])
  if news then
    ticket.state = to
    if ARGV[9] == 'approve' then
      ticket.approvals[#ticket.approvals + 1] = ARGV[8]
    end
    if to ~= 'asked' then
      settle_ticket(tree, ticket.id)
    end
    write_ticket(tree, ticket)
    write_line(tree, ARGV[10], '{"hop":' .. quoted(ticket.seed.hop) .. '}')
    flush_tree(tree)
    finish()
  end
  return show_ticket(tree, ticket, { 'ok' })
end

return guarded(move)
