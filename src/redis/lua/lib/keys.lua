--[[
Keys of a partition. KEYS[1] is its base, `{<prefix>:p<n>}:`; T names a tree within it: `<bytes of tenant>:<tenant>:<tree>`, so that a
small letter in front of it is no word. A capital letter stands before a name that others chose.

  m            hash    the partition itself (world.lua)
  g            hash    authority digest -> packed {ref, until} ; ga hash ref -> packed {digest, json} ; ge zset ref by until
  t<T>         hash    a tree: 's' and 'm' (tree.lua)
  i<T>         hash    hop id -> ordinal, from 1 (the root)
  h<n>:<T>     hash    ordinal -> packed static record, 64 ordinals to a bucket n
  l<n>:<T>     hash    ordinal -> ordinal of its next sibling, the same buckets
  v<T>         hash    ordinal -> what has happened to the hop: counts, children, and the rest (tree.lua)
  x<T>         hash    cuts of what was not seen: 't', 'h'<hop>, 'b'<hop>
  k<T>         hash    idempotency: <parent's ordinal>:<key> -> packed {request, ordinal}
  f<T>         hash    link without a record -> packed {calls, spend}
  q<T>, o<T>   hash    tickets (tickets.lua) ; set of digests used once
  j<T>, w<T>   list, zset  ids of tickets in order of asking ; those that wait, by deadline ; y<net(T, id)> what the approver is shown
  a<T>         list    sequence numbers of the tree's audit lines
  S<tenant>    hash    marks of a tenant: 'e' epoch, 'a'<agent> 'p'<net(issuer, subject)> positions of cuts, 'b'<agent> 'k'<thumbprint> standing
  p<T>         hash    suspensions (suspensions.lua) ; u<T> set of uses that were written again (restore-use.lua)
  R<tenant's length>:<tenant>:<key>  string  idempotency of roots, in the key's partition: packed {request, tree}
  names, N<net(tenant, kind, name ...)>  hash, zset  index of agents and principals (index-names.lua)
  T<tenant>    zset    trees by opening (score: microseconds, no two alike)
  log          stream  audit lines, `<seq>-1` (world.lua)
  feed         stream  cuts, `<position>-1` (feed.lua) ; bell: sharded channel
  c            hash    key of a boundary or suspension -> packed {position, standing, attempt}
  cuts         zset    JSON of live entries by position ; until: zset of key by when it may go
  lease        zset    T by when its lease is due
  hb           hash    last confirmed heartbeat ; run, guards, heard: who keeps guards live, and who they are
  held         hash    who holds what was used up once (come-forward.lua) ; lives: list of the owner's lives (take-over.lua)
  archived     hash    how far lines are gone (look-archived.lua; partition 0)
  sealed, seal<n>, number<n>   order and hashes of the lines of all partitions (partition 0), and each line's number in it
]]
local base = KEYS[1]

-- Whole numbers as text, up to 2^53. Whatever else turns a number into text, a command that is given one too, takes several times as long.
local function int(number)
  return string.format('%d', number)
end

-- One text for several: no two lists give the same.
local function net(...)
  local text = ''
  for n = 1, select('#', ...) do
    local part = select(n, ...)
    text = text .. int(#part) .. ':' .. part
  end
  return text
end
