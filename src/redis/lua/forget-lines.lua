--- @include lib/keys
--[[
Forgets audit lines of this partition that were archived; their numbers and hashes stay, since what comes later is chained to them.

ARGV 5 the last of them
Reply ok, how many lines went
]]
return { 'ok', redis.call('XTRIM', base .. 'log', 'MINID', '=', int(tonumber(ARGV[5]) + 1) .. '-0') }
