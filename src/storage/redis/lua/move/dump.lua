-- What a dump reads: also of a root that is frozen, because it is being moved.
if not isThere then return redis.error_reply(lost) end

--@ dumpBoxes no-writes
-- every mailbox and log: [number name read full prunedDay seq prunedSeq card ids], the ids in the order of their states and lists
local out = {}
for _, n in ipairs(call('HVALS', P .. 'names')) do
  local ready = {}
  for _, what in ipairs({ 'c', 'w' }) do
    local found = call('ZRANGE', K(n, what), 0, -1, 'WITHSCORES')
    for i = 1, #found, 2 do ready[#ready + 1] = { tonumber(found[i + 1]), found[i] } end
  end
  table.sort(ready, function(a, b) return a[1] < b[1] end)
  local ids = {}
  for i, one in ipairs(ready) do ids[i] = one[2] end
  for _, what in ipairs({ 'd', 'f', 'a', 'x' }) do
    for _, id in ipairs(call('ZRANGE', K(n, what), 0, -1)) do ids[#ids + 1] = id end
  end
  local one = { n, nameOf(n) }
  for _, known in ipairs(call('HMGET', K(n, 'm'), 'read', 'full', 'prunedDay', 'seq', 'prunedSeq')) do one[#one + 1] = known or '' end
  one[#one + 1] = call('HGET', P .. 'cards', n) or ''
  one[#one + 1] = table.concat(ids, ' ')
  out[#out + 1] = one
end
return out

--@ dumpBox no-writes
-- number: [inboxes, corrupt as [name why bytes], refusals, rollups, announced, revisions, presence, seen]
local n = A[3]
local bad = {}
for _, raw in ipairs(call('HVALS', K(n, 'bad'))) do
  local one = cmsgpack.unpack(raw)
  bad[#bad + 1] = { one[1], one[2] or '', one[4] }
end
local refused, last = {}, {}
for i, one in ipairs(call('HGETALL', K(n, 'no'))) do refused[i] = one end
for i = 1, #refused, 2 do
  if refused[i] == 'last' then
    local said = cmsgpack.unpack(refused[i + 1])
    last = { int(said[1]), said[2], said[3] }
    refused[i + 1] = ''
  end
end
return { call('ZRANGE', K(n, 'in'), 0, -1, 'WITHSCORES'), bad, refused, last, call('HGETALL', K(n, 'roll')),
  call('HGETALL', K(n, 'an')), call('HGETALL', K(n, 'rev')), call('HGET', P .. 'pr', n) or '', call('HGET', P .. 'ps', n) or '' }

--@ dumpEntries no-writes
-- number ids...: of each [id fields bytes pack its-number first-mailbox why], or [] if it is gone
local out = {}
for i = 4, #A do
  local n, id = A[3], A[i]
  local e = load(n, id)
  if not e then
    -- Handed over since: it is told where it was, since where it is now may have been read before.
    for home in (homesOf(id) or ''):gmatch('%d+') do
      local there = load(home, id)
      for _, before in ipairs(there and there.H or {}) do
        if before == n then e = there end
      end
    end
  end
  if e then
    local why = e.s == 'x' and call('HGET', K(e.n, 'why'), id)
    local fields = { s = e.s, p = e.p, l = e.l, o = e.o, a = e.a, x = e.x, k = e.k, h = e.h, i = e.i, d = e.d, D = e.D, t = e.t,
      T = e.T, c = e.c, L = e.L, M = e.M, y = e.y, A = e.A, w = e.w, X = e.X }
    local told = ''
    if why then
      local said = cmsgpack.unpack(why)
      told = { said[1], int(said[2]), said[4], said[5] or '' }
    end
    out[#out + 1] = { id, enc(fields), call('HGET', P .. 'b', id) or '', e.P and isPacked(e) and e.P or '', e.n,
      e.H and e.H[1] and nameOf(e.H[1]) or '', told }
  else
    out[#out + 1] = {}
  end
end
return out

--@ dumpPack no-writes
-- number pack
return call('HGET', K(A[3], 'pk'), A[4])

--@ dumpEvents no-writes
-- number from limit
local out = {}
for _, one in ipairs(call('XRANGE', K(A[3], 'ev'), '(' .. A[4] .. '-0', '+', 'COUNT', tonumber(A[5]))) do
  local f = one[2]
  out[#out + 1] = { one[1]:match('^%d+'), '', f[2], f[4], f[6], f[8] }
end
return out

--@ dumpRoot no-writes
-- [documents, revisions of the settings, of the policy, sessions, places, audit logs, keys of the audit]
return { call('HGETALL', P .. 'docs'), call('HGETALL', P .. 'rev:settings'), call('HGETALL', P .. 'rev:policy'),
  call('HGETALL', P .. 'sessions'), call('HGETALL', P .. 'places'), call('SMEMBERS', P .. 'audit'), call('HGETALL', P .. 'auditkeys') }

--@ dumpDocuments no-writes
-- kind cursor: [next cursor, (id document)...]
return call('HSCAN', P .. 'docs:' .. A[3], A[4], 'COUNT', 200)

--@ dumpKeys no-writes
-- cursor: [next cursor, [id at mailboxes bytes]...]
local page = call('HSCAN', P .. 'dk', A[3], 'COUNT', 200)
local out = {}
for i = 2, #page[2], 2 do
  local known = cmsgpack.unpack(page[2][i])
  out[#out + 1] = { known[2], int(known[1]), known[3], call('HGET', P .. 'b', known[2]) or '' }
end
return { page[1], out }

--@ dumpAudit no-writes
-- log from to
return call('GETRANGE', P .. 'audit:' .. A[3], A[4], A[5])
