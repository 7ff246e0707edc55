--- @include lib/keys
--[[
One page of the live entries, by position. Changes nothing.

ARGV 1 position after which to read ; 2 position up to which ; 3 entries at most
Reply ok, generation, epoch, list of JSON
]]
local m = redis.call('HMGET', base .. 'm', 'generation', 'epoch')
return { 'ok', m[1] or '', m[2] or '0',
  redis.call('ZRANGEBYSCORE', base .. 'cuts', '(' .. ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3]) }
