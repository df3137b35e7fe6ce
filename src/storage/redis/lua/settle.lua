-- A receipt names a claim by its token, whatever the mailbox is called by now.
local function claimIn(n, id, token)
  local e = load(n, id)
  if not e then return nil end
  if e.T and e.T:find(token, 1, true) then return e, 'used' end
  if e.s == 'f' and e.t == token then return e, 'held' end
end

local function claimOf(name, id, token)
  local n = boxOf(name)
  if n then
    local e, how = claimIn(n, id, token)
    if e then return e, how end
  end
  for home in (homesOf(id) or ''):gmatch('%d+') do
    local e, how = claimIn(home, id, token)
    if e then return e, how end
  end
end

local function settledOf(e)
  return { 'ok', nameOf(e.n), e.s, e.s == 'f' and int(e.L) or '', e.s == 'd' and int(e.d) or '', untold() }
end

-- @returns the entry, or nil and what to answer
local function held(name, id, token)
  local e, how = claimOf(name, id, token)
  if how == 'held' then return e end
  if how == 'used' and e.q == op then return nil, settledOf(e) end
  return nil, { how == 'used' and 'ALREADY_SETTLED' or 'LEASE_LOST' }
end

-- The last ones: of a message that is given back for free again and again.
local function use(e) e.T = ((e.T or '') .. e.t .. ' '):sub(-330) end

local function ack(e, said, forwarded)
  use(e)
  weigh(e, -1)
  leave(e)
  freeKey(e)
  e.A = now
  enter(e, 'a')
  changed(e, 'acked', attemptOf(e) .. said)
  if forwarded ~= '' then changed(e, 'forwarded', forwarded) end
  return settledOf(e)
end

--@ ack allow-oom
-- mailbox id token said forwarded
local e, no = held(A[3], A[4], A[5])
if not e then return no end
return ring(ack(e, A[6], A[7]))

--@ ackMany allow-oom
-- said forwarded, then mailbox id token of each: an answer for each
local out, done = {}, {}
for i = 5, #A, 3 do
  local claim = A[i + 1] .. A[i + 2]
  local e, no = held(A[i], A[i + 1], A[i + 2])
  -- What this call has settled is no repeat of it.
  if done[claim] then no = { 'ALREADY_SETTLED' } end
  done[claim] = true
  out[#out + 1] = e and ack(e, A[3], A[4]) or no
end
return ring(out)

--@ nack allow-oom
-- mailbox id token who reason delay dead free policyMax backoffMin backoffMax fraction
local e, no = held(A[3], A[4], A[5])
if not e then return no end
local reason, free = some(A[7]), A[10] == '1'
use(e)
if A[9] == '1' or (e.a >= (e.M or tonumber(A[11])) and not free) then
  die(e, reason or (A[9] == '1' and 'rejected' or ('failed ' .. e.a .. ' times')), A[6])
  return ring(settledOf(e))
end
local delay = tonumber(A[8])
if not delay then
  -- The shortest backoff, doubling up to the longest, and of that a random half to all.
  local nominal = math.min(tonumber(A[12]) * 2 ^ math.max(0, e.a + (free and 1 or 0) - 1), tonumber(A[13]))
  delay = math.floor(nominal * (0.5 + tonumber(A[14]) / 2) + 0.5)
end
local more = attemptOf(e) .. A[6] .. (reason and reasonOf(reason) or '') .. (free and ',"free":true' or '')
leave(e)
e.l = 0
e.d = now + delay
if free then e.a = e.a - 1 end
if delay > 0 then
  if delay <= tonumber(A[13]) then e.D = now end
  enter(e, 'd')
else
  enter(e, 'r')
end
changed(e, 'nacked', more)
return ring(settledOf(e))

--@ renew allow-oom
-- mailbox id token who leaseMs
local e, no = held(A[3], A[4], A[5])
if not e then return no end
if e.q ~= op then
  leave(e)
  e.L = now + tonumber(A[7])
  enter(e, 'f')
  changed(e, 'renewed', attemptOf(e) .. A[6])
end
return ring(settledOf(e))

--@ check no-writes
-- mailbox id token
local e, no = held(A[3], A[4], A[5])
return e and { 'ok' } or no
