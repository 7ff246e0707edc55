--[[
Budgets: what one call costs, and whether it fits. Amounts are texts; '!' stands for one that is none. Needs refuse, decimal.
]]
local function exhausted(hop, rule)
  refuse('budget_exhausted', 'budget is used up', hop, rule)
end

local function amount_in(list, currency)
  if list then
    for n = 1, #list, 2 do
      if list[n] == currency then
        return list[n + 1]
      end
    end
  end
  return '0'
end

-- limit: calls or false; ceilings: flat list or false; calls and spent: what was used up; spend: flat list of this call.
local function check_budget(hop, limit, ceilings, calls, spent, spend)
  if limit and calls + 1 > limit then
    exhausted(hop, 'limits.calls')
  end
  for n = 1, #spend, 2 do
    local currency = spend[n]
    local sum = add_decimal(amount_in(spent, currency), spend[n + 1])
    if ceilings then
      local ceiling = amount_in(ceilings, currency)
      if ceiling == '!' then
        refuse('malformed', 'not a decimal amount')
      end
      if is_more(sum, ceiling) then
        exhausted(hop, 'limits.spend.' .. currency)
      end
    end
  end
end

-- What was spent, with this call in it.
local function add_spend(spent, spend)
  if #spend == 0 then
    return spent
  end
  spent = spent or {}
  for n = 1, #spend, 2 do
    local at
    for m = 1, #spent, 2 do
      if spent[m] == spend[n] then
        at = m
      end
    end
    at = at or #spent + 1
    spent[at + 1] = add_decimal(spent[at + 1] or '0', spend[n + 1])
    spent[at] = spend[n]
  end
  return spent
end
