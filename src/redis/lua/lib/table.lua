--[[
The transition tables, as the partition was started with: rows ';state>event=next;' of all machines in one text.
Their digest is ARGV[4] of every move, and `begin` has compared it.
]]
local rows

local function find_next(state, event)
  if rows == nil then
    rows = redis.call('HGET', base .. 'm', 'table')
  end
  local head = ';' .. state .. '>' .. event .. '='
  local _, last = string.find(rows, head, 1, true)
  if last == nil then
    return nil
  end
  return string.sub(rows, last + 1, string.find(rows, ';', last, true) - 1)
end

-- The state after the event. @refuses illegal_transition
local function next_state(machine, state, event)
  local to = find_next(state, event)
  if to == nil then
    refuse('illegal_transition', 'the ' .. machine .. ' does not permit this event', nil, state .. '>' .. event)
  end
  return to
end
