--[[
Refusals. A move judges first and writes last, so a refusal leaves nothing behind.
Every script ends with `return guarded(move)`; `move` returns {'ok', ...}.
]]
local function refuse(code, message, hop, rule)
  error({ 'refused', code, hop or '', rule or '', message })
end

local function guarded(move)
  local fine, reply = pcall(move)
  if fine or (type(reply) == 'table' and reply[1] == 'refused') then
    return reply
  end
  return error(reply)
end

local function unknown(hop)
  return refuse('hop_not_found', 'no such hop', hop)
end

local function revoked(hop)
  return refuse('delegation_revoked', 'a cut stands against it', hop)
end

local function taken(hop)
  return refuse('id_taken', 'id is taken', hop)
end
