--@ cancel allow-oom
-- mailbox id version who held
local e, done = listed(A[3], A[4], A[5], A[7] == '1' and 'rdf' or 'rd')
if not e then return { 'moved' } end
if not done then
  weigh(e, -1)
  withdraw(e)
  changed(e, 'cancelled', A[6])
end
return ring({ 'ok', enc(entryOf(e)) })

--@ deliver allow-oom
-- mailbox id version who dueAt reason
local e, done = listed(A[3], A[4], A[5], 'd')
if not e then return { 'moved' } end
if not done then
  if e.i then return { 'awaited' } end
  local dueAt = tonumber(A[7])
  if dueAt then
    leave(e)
    e.d = dueAt
    enter(e, 'd')
    changed(e, 'scheduled', attemptOf(e) .. wordsOf(e) .. A[6] .. reasonOf(A[8]))
  else
    bringReady(e, A[6])
  end
end
return ring({ 'ok', enc(entryOf(e)) })

--@ handOver deny-oom
-- mailbox id version to who reason
local to = boxOf(A[6])
local there = to and load(to, A[4])
if there and there.q == op then return { 'ok', enc(entryOf(there)) } end
local e = listed(A[3], A[4], A[5], 'rdf')
if not e then return { 'moved' } end
if e.i then return { 'awaited' } end
if not to then return { 'gone' } end
if there then return { 'there' } end
local from = e.n
local attempt = e.a > 0 and attemptOf(e) or ''
weigh(e, -1)
leave(e)
freeKey(e)
local at = e.n .. ':' .. int(tell(e.n, 'handed_over', e.id, A[7] .. A[8] .. ',"to":' .. enc(nameOf(to)) .. attempt
  .. (e.c and lastedMs(e.c) and (',"heldMs":' .. int(lastedMs(e.c))) or ''))) .. ' '
forget(e)
note(e.id, at)
local before = e.H or {}
before[#before + 1] = from
e.n, e.H, e.E, e.l, e.c, e.M, e.t = to, before, {}, 0, nil, nil, nil
rehome(e.id, from, to)
enter(e, 'r')
weigh(e, 1)
changed(e, 'delivered', wordsOf(e) .. A[7] .. attempt)
return ring({ 'ok', enc(entryOf(e)) })

--@ again allow-oom
-- mailbox id version who state(a|x) kind bytes: whoever asks for it once more means it
local e, done = listed(A[3], A[4], A[5], A[7])
if not e then return { 'moved' } end
if not done then
  if e.P and A[9] == '' and isPacked(e) then return { 'packed', e.P } end
  leave(e)
  unpackEntry(e, A[9])
  e.l, e.a, e.x, e.w, e.A = 0, 0, nil, nil, nil
  enter(e, 'r')
  weigh(e, 1)
  changed(e, A[8], A[6])
end
return ring({ 'ok', enc(entryOf(e)) })

--@ purge allow-oom
-- mailbox id version who repeat
local n = boxOf(A[3])
if A[7] == '1' and n and not load(n, A[4]) then return { 'ok' } end
local e = listed(A[3], A[4], A[5], 'x')
if not e then return { 'moved' } end
leave(e)
changed(e, 'purged', A[6])
forget(e)
rehome(e.id, e.n)
return ring({ 'ok' })

--@ quarantine deny-oom
-- mailbox digest bytes name why at
local n = boxOf(A[3])
if not n then return 0 end
if call('HSETNX', K(n, 'bad'), A[4], cmsgpack.pack({ A[6], A[7], now, A[5] })) == 1 then
  tell(n, 'corrupt', A[6], reasonOf(A[7]))
end
return ring(1)

--@ spend allow-oom
-- mailbox fullAtBefore fullAtAfter: compare and set of an allowance
local n = boxOf(A[3])
if not n then return -1 end
if (call('HGET', K(n, 'm'), 'full') or '') ~= A[4] then return 0 end
call('HSET', K(n, 'm'), 'full', A[5])
return 1

--@ allowance no-writes
local n = boxOf(A[3])
if not n then return { -1, '' } end
return { int(now), call('HGET', K(n, 'm'), 'full') or '' }

--@ refuse allow-oom
-- (mailbox code reason)...: what was refused, in hours, for a day
for i = 3, #A, 3 do
  local n = boxOf(A[i])
  if n and not isLog(A[i]) then
    local hour = int(math.floor(now / 3600000))
    if call('HINCRBY', K(n, 'no'), hour, 1) == 1 then
      for _, old in ipairs(call('HKEYS', K(n, 'no'))) do
        if (tonumber(old) or now) < tonumber(hour) - 24 then call('HDEL', K(n, 'no'), old) end
      end
    end
    call('HSET', K(n, 'no'), 'last', cmsgpack.pack({ now, A[i + 1], A[i + 2] }))
  end
end
return 1
