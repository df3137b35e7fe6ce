-- What makes a root: a new one, or one of a dump. That has no id until `loadEnd`, so nobody else finds it. `loader` names the
-- process that loads it: another one that takes its place shuts it out, however long it was stopped. Each call is done once,
-- however often it is made.
local loader, last = unpack(call('HMGET', P .. 'root', 'loader', 'loaded'))
if op == last then return answered(1) end
local function isMine() return loader == A[3] end
-- It was taken away already.
local function isGone() return not loader and not isThere end
local taken = redis.error_reply('DREAMOSTAKEN another process has taken over what is loaded here')
local function done()
  call('HSET', P .. 'root', 'loaded', op)
  return ring(1)
end

local function boxFor(name)
  local n = boxOf(name)
  if n then return n end
  if isLog(name) then call('SADD', P .. 'topics', name:sub(2)) end
  return makeBox(name)
end

-- What it promises: whoever opens it is under that, wherever he has its address from.
local function promise(durability, replicas)
  if durability ~= '' then call('HSET', P .. 'root', 'durability', durability) end
  if replicas ~= '' then call('HSET', P .. 'root', 'replicas', replicas) end
end

local function place(e)
  if e.h then call('HSET', K(e.n, 'kh'), e.k, e.id) end
  enter(e, e.s)
  if e.h then fixKey(e.n, e.k) end
  if isOpen(e.s) then weigh(e, 1) end
  save(e)
end

--@ make deny-oom
-- id durability|'' replicas|'': 0, if it is there
if isThere then return 0 end
promise(A[4], A[5])
call('HSET', P .. 'root', 'id', A[3], 'history', historyNow())
return 1

--@ loadTake allow-oom
-- nonce durability|'' replicas|'': 0, if there is a root that nobody loads
if isThere and not loader then return 0 end
promise(A[4], A[5])
call('HSET', P .. 'root', 'loader', A[3])
call('HSETNX', P .. 'root', 'history', historyNow())
return 1

--@ loadUndo allow-oom
-- nonce: it is no root any more
if isGone() then return 1 end
if not isMine() then return taken end
call('HDEL', P .. 'root', 'id', 'seq', 'since', 'order', 'untold', 'boxes', 'packs', 'cards', 'window', 'loaded', 'line')
return 1

--@ loadUnlink allow-oom
-- nonce keys...
if isGone() then return 1 end
if not isMine() then return taken end
for i = 4, #A do call('UNLINK', A[i]) end
return 1

--@ loadGone allow-oom
-- nonce
if isGone() then return 1 end
if not isMine() then return taken end
call('DEL', P .. 'root')
return 1

--@ loadEnd deny-oom
-- nonce id order
if not isMine() then return taken end
-- It counts on from the last event that there was, also where that was pruned: else cursors would lie ahead of what comes.
local counted = tonumber(seq) or 0
for _, n in ipairs(call('HVALS', P .. 'names')) do
  local day, pruned, last = unpack(call('HMGET', K(n, 'm'), 'prunedDay', 'prunedSeq', 'seq'))
  local first = day and not pruned and call('XRANGE', K(n, 'ev'), '-', '+', 'COUNT', 1)[1]
  if first then call('HSET', K(n, 'm'), 'prunedSeq', int(tonumber(first[1]:match('^%d+')) - 1)) end
  if last then
    call('ZADD', P .. 'last', last, n)
    counted = math.max(counted, tonumber(last))
  end
end
call('HSET', P .. 'root', 'id', A[4], 'order', A[5], 'seq', int(counted))
return done()

--@ loadLive allow-oom
-- Its mail is here alone from now on, whoever has loaded it, and nobody may take it away any more.
if not isThere then return redis.error_reply(lost) end
call('HDEL', P .. 'root', 'loader', 'loaded')
return 1

--@ loadCard deny-oom
-- nonce name document
if not isMine() then return taken end
local n = boxFor(A[4])
call('HSET', K(n, 'm'), 'name', A[4])
call('HSET', P .. 'cards', n, A[5])
call('HINCRBY', P .. 'root', 'cards', 1)
return done()

--@ loadFields deny-oom
-- nonce mailbox|'' hash (field value)...
if not isMine() then return taken end
local words = {}
for i = 6, #A do words[#words + 1] = A[i] end
writeAll('HSET', A[4] ~= '' and K(boxFor(A[4]), A[5]) or (P .. A[5]), words)
return done()

--@ loadMailbox deny-oom
-- nonce mailbox read full prunedDay seq prunedSeq presence seen refusal: the last one, as [at, code, reason]
if not isMine() then return taken end
local n = boxFor(A[4])
for i, field in ipairs({ 'read', 'full', 'prunedDay', 'seq', 'prunedSeq' }) do
  if A[4 + i] ~= '' then call('HSET', K(n, 'm'), field, A[4 + i]) end
end
if A[10] ~= '' then
  call('HSET', P .. 'pr', n, A[10])
  call('HSET', P .. 'ps', n, A[11])
end
if A[12] ~= '' then call('HSET', K(n, 'no'), 'last', cmsgpack.pack(cjson.decode(A[12]))) end
return done()

--@ loadInbox deny-oom
-- nonce mailbox request until
if not isMine() then return taken end
local n = boxFor(A[4])
call('ZADD', K(n, 'in'), A[6], A[5])
lookAt(n, tonumber(A[6]))
return done()

--@ loadCorrupt deny-oom
-- nonce mailbox digest bytes name why
if not isMine() then return taken end
local bad = K(boxFor(A[4]), 'bad')
-- There may be several of the same bytes.
call('HSET', bad, A[5] .. ' ' .. call('HLEN', bad), cmsgpack.pack({ A[7], A[8], now, A[6] }))
return done()

--@ loadKey deny-oom
-- nonce key id at mailboxes bytes
if not isMine() then return taken end
keepBytes(A[5], { 'd' }, A[8])
call('HSET', P .. 'dk', A[4], cmsgpack.pack({ tonumber(A[6]), A[5], A[7], '' }))
return done()

--@ loadEntries deny-oom
-- nonce (mailbox id bytes fields why)...
if not isMine() then return taken end
for i = 4, #A, 5 do
  local n, id, e = boxFor(A[i]), A[i + 1], cjson.decode(A[i + 3])
  e.n, e.id, e.v, e.E, e.q, e.b = n, id, 1, {}, op, #A[i + 2]
  keepBytes(id, { n }, A[i + 2])
  if A[i + 4] ~= '' then
    local why = cjson.decode(A[i + 4])
    call('HSET', K(n, 'why'), id, cmsgpack.pack({ why[1], why[2], e.X, why[3], why[4] }))
    -- Whoever comes by next tells its sender.
    if e.N and not why[4] then
      call('HSET', P .. 'np', n .. ':' .. id, e.X)
      call('HSET', P .. 'root', 'untold', 1)
    end
  end
  if e.o then place(e) else save(e) end
end
return done()

--@ loadPlaces deny-oom
-- nonce (mailbox id arrival before)...: before: the numbers of the mailboxes it was in, as JSON, or ''
if not isMine() then return taken end
for i = 4, #A, 4 do
  local n = boxOf(A[i])
  local e = n and load(n, A[i + 1])
  -- The events that tell of it may have outlived it: it was purged, or pruned.
  if e then
    if A[i + 3] ~= '' then
      e.H = {}
      for _, name in ipairs(cjson.decode(A[i + 3])) do e.H[#e.H + 1] = boxFor(name) end
    end
    if A[i + 2] == '' then
      save(e)
    else
      e.o = tonumber(A[i + 2])
      place(e)
    end
  end
end
return done()

--@ loadEvents deny-oom
-- nonce (mailbox at kind id more seq)...: seq: its place among all events, if it is known
if not isMine() then return taken end
for i = 4, #A, 6 do
  local n, kind, id, more = boxFor(A[i]), A[i + 2], A[i + 3], A[i + 4]
  now = tonumber(A[i + 1])
  local given = tonumber(A[i + 5])
  if given and given > (tonumber(seq) or 0) then seq = given - 1 end
  local at = tell(n, kind, id, more)
  local e = load(n, id)
  local replied = more:match('"replyTo":"([^"]*)"')
  if replied then note(replied, n .. ':' .. int(at) .. ' ') end
  if e and #e.E < 64 then
    e.E[#e.E + 1] = at
    save(e)
  else
    note(id, n .. ':' .. int(at) .. ' ')
  end
end
return done()

--@ loadAudit deny-oom
-- nonce log bytes
if not isMine() then return taken end
call('APPEND', P .. 'audit:' .. A[4], A[5])
call('SADD', P .. 'audit', A[4])
return done()
