--[[
Amounts of money as texts, exact: '200.00' is 20000 of scale 2. No number is ever made of more digits than a double holds.
]]
local DIGITS, CHUNK = 36, 14 -- DECIMAL_DIGITS_MAX

-- Digits without the point, at the wider of two scales, both equally long; then that scale.
local function aligned(a, b)
  local whole_a, part_a = string.match(a, '^(%d+)%.?(%d*)$')
  local whole_b, part_b = string.match(b, '^(%d+)%.?(%d*)$')
  local scale = math.max(#part_a, #part_b)
  local left = whole_a .. part_a .. string.rep('0', scale - #part_a)
  local right = whole_b .. part_b .. string.rep('0', scale - #part_b)
  local width = math.max(#left, #right)
  return string.rep('0', width - #left) .. left, string.rep('0', width - #right) .. right, scale
end

-- The exact sum, at the wider scale. @refuses ceiling_exceeded
local function add_decimal(a, b)
  local left, right, scale = aligned(a, b)
  local sum, carry = '', 0
  local last = #left
  while last > 0 do
    local first = math.max(1, last - CHUNK + 1)
    local width = last - first + 1
    local digits = string.format('%.0f', tonumber(string.sub(left, first, last)) + tonumber(string.sub(right, first, last)) + carry)
    carry = 0
    if #digits > width then
      digits, carry = string.sub(digits, 2), 1
    end
    sum = string.rep('0', width - #digits) .. digits .. sum
    last = first - 1
  end
  sum = string.gsub((carry == 1 and '1' or '') .. sum, '^0+', '')
  if #sum > DIGITS then
    refuse('ceiling_exceeded', 'sum of amounts has too many digits', nil, 'decimal')
  end
  sum = string.rep('0', scale + 1 - #sum) .. sum
  if scale == 0 then
    return sum
  end
  return string.sub(sum, 1, -scale - 1) .. '.' .. string.sub(sum, -scale)
end

local function is_more(a, b)
  local left, right = aligned(a, b)
  return left > right
end
