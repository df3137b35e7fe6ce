local function deliveryOf(e)
  return { nameOf(e.n), e.id, e.t, e.a, int(e.L), e.z and '1' or '', e.P or '', call('HGET', P .. 'b', e.id) or '' }
end

local function take(e, leaseMs, token, who, maxAttempts, inbox)
  local waited = e.s == 'r' and lastedMs(e.y)
  leave(e)
  -- An answer in an inbox is for its request alone and waits for nobody.
  if e.k and not inbox then
    e.h = 1
    call('HSET', K(e.n, 'kh'), e.k, e.id)
    fixKey(e.n, e.k)
  end
  e.c, e.a, e.t, e.M, e.L = now, e.a + 1, token, maxAttempts, now + leaseMs
  enter(e, 'f')
  changed(e, 'claimed', attemptOf(e) .. who .. (waited and (',"waitedMs":' .. int(waited)) or ''))
  return deliveryOf(e)
end

local function mine(n, token)
  for _, id in ipairs(call('ZRANGE', K(n, 'f'), 0, -1)) do
    local e = load(n, id)
    if e.t == token then return e end
  end
end

-- Where claims look: what may be claimed, or the answers to a request.
local function lineOf(n, inbox) return inbox and K(n, 'ia:' .. inbox) or K(n, 'c') end

local function begin(n, maxAttempts, inbox)
  if not inbox then boxAt(n).new.read = int(now) end
  recoverAll(n, maxAttempts)
  lineUpAll()
end

--@ claim allow-oom
-- mailbox leaseMs token who policyMax maxAttempts inbox repeat: [whether senders wait to be told, delivery...]
local n = boxOf(A[3])
if not n then return { 0 } end
local inbox = some(A[9])
begin(n, tonumber(A[7]), inbox)
local e = A[10] == '1' and mine(n, A[5])
if e then return ring({ untold(), unpack(deliveryOf(e)) }) end
while true do
  local id = call('ZRANGE', lineOf(n, inbox), 0, 0)[1]
  if not id then return ring({ untold() }) end
  e = load(n, id)
  if not isExpired(e) then break end
  die(e, outlived)
end
local taken = take(e, tonumber(A[4]), A[5], A[6], tonumber(A[8]), inbox)
return ring({ untold(), unpack(taken) })

--@ claimMany allow-oom
-- mailbox leaseMs who policyMax maxAttempts repeat token...: [whether senders wait to be told, a delivery for each]
local n = boxOf(A[3])
if not n then return { 0 } end
begin(n, tonumber(A[6]))
local out = { 0 }
for i = 9, #A do
  local e = A[8] == '1' and mine(n, A[i])
  if e then out[#out + 1] = deliveryOf(e) end
end
local at = #out == 1 and 9 or #A + 1
while at <= #A do
  local id = call('ZRANGE', lineOf(n), 0, 0)[1]
  if not id then break end
  local e = load(n, id)
  if isExpired(e) then
    die(e, outlived)
  else
    out[#out + 1] = take(e, tonumber(A[4]), A[at], A[5], tonumber(A[7]))
    at = at + 1
  end
end
out[1] = untold()
return ring(out)

--@ candidates allow-oom
-- mailbox after token policyMax inbox repeat limit: [untold, delivery or '', then id place version pack bytes...]
local n = boxOf(A[3])
if not n then return { 0, '' } end
local inbox = some(A[7])
if A[4] == '' then
  begin(n, tonumber(A[6]), inbox)
  local e = A[8] == '1' and mine(n, A[5])
  if e then return ring({ untold(), deliveryOf(e) }) end
end
local from = A[4] == '' and '-inf' or ('(' .. A[4])
local found = call('ZRANGEBYSCORE', lineOf(n, inbox), from, '+inf', 'WITHSCORES', 'LIMIT', 0, tonumber(A[9]))
local out = { 0, '' }
for i = 1, #found, 2 do
  local e = load(n, found[i])
  if isExpired(e) then
    die(e, outlived)
  else
    local page = { e.id, found[i + 1], int(e.v), call('HGET', P .. 'b', e.id) or '' }
    for _, one in ipairs(page) do out[#out + 1] = one end
  end
end
out[1] = untold()
return ring(out)

--@ take allow-oom
-- mailbox id version leaseMs token who maxAttempts inbox: delivery, if it is as it was
local n = boxOf(A[3])
local e = n and load(n, A[4])
if e and e.s == 'f' and e.t == A[7] then return deliveryOf(e) end
local inbox = some(A[10])
if not e or int(e.v) ~= A[5] or not call('ZSCORE', lineOf(n, inbox), e.id) then return false end
return ring(take(e, tonumber(A[6]), A[7], A[8], tonumber(A[9]), inbox))

--@ recover allow-oom
-- mailbox policyMax: [moved, next moment, untold]
local n = boxOf(A[3])
if not n then return { 0, '', 0 } end
local moved = recover(n, tonumber(A[4]), 200)
local nextAt = nextDue(n)
return ring({ moved, nextAt and int(nextAt) or '', untold() })

--@ openInbox deny-oom
-- mailbox request until
local n = boxOf(A[3])
if not n then return 0 end
call('ZADD', K(n, 'in'), A[5], A[4])
lookAt(n, tonumber(A[5]))
return ring(1)

--@ closeInbox allow-oom
-- mailbox request
local n = boxOf(A[3])
if not n or not call('ZSCORE', K(n, 'in'), A[4]) then return 0 end
return ring(closeInbox(n, A[4]))

--@ hasInbox no-writes
-- mailbox request
local n = boxOf(A[3])
return n and call('ZSCORE', K(n, 'in'), A[4]) and 1 or 0
