/** All that partition 0 of a deployment keeps, for comparing to the byte. @module */
import { baseKey } from "../../src/redis/layout.js";
import type { RedisServer } from "./servers.js";

const DUMP = `
local function fields(key)
  local flat, pairs = redis.call('HGETALL', key), {}
  for n = 1, #flat, 2 do
    pairs[(n + 1) / 2] = { flat[n], flat[n + 1] }
  end
  -- A hash gives its fields in no order.
  table.sort(pairs, function(a, b) return a[1] < b[1] end)
  return pairs
end
local keys, all = redis.call('KEYS', KEYS[1] .. '*'), {}
table.sort(keys)
for n, key in ipairs(keys) do
  local kind = redis.call('TYPE', key).ok
  local name = string.sub(key, #KEYS[1] + 1)
  -- Ids of attempts, and the microsecond of an opening, are of chance.
  local value = name == 'c' and ''
    or name == 'm' and redis.call('HMGET', key, 'clock', 'seq', 'link', 'position', 'chain', 'hops')
    or kind == 'hash' and fields(key)
    or kind == 'stream' and redis.call('XRANGE', key, '-', '+')
    or kind == 'list' and redis.call('LRANGE', key, 0, -1)
    or kind == 'zset' and redis.call('ZRANGE', key, 0, -1) or redis.call('TYPE', key).ok
  local ends = redis.call('PTTL', key) > 0 and ' ends ' or ' stays '
  all[n] = name .. ends .. redis.sha1hex(cmsgpack.pack(value))
end
return all`;

/** The name of each key, whether it ends, and a digest of what is in it. */
export function dumpOf(server: RedisServer, prefix: string): Promise<unknown> {
  return server.ask("EVAL", DUMP, 1, baseKey(prefix, 0));
}
