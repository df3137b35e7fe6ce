-- What falls due: leases, rests, inboxes, times-to-live.

-- The events that led here: the entry's own, and those of mailboxes it was in before.
local function pathOf(e)
  local seqs = {}
  local homes = { [e.n] = true }
  for _, home in ipairs(e.H or {}) do homes[home] = true end
  for n, seq in (call('HGET', P .. 'told', e.id) or ''):gmatch('(%d+):(%d+) ') do
    if homes[n] then seqs[#seqs + 1] = { tonumber(seq), n } end
  end
  for _, seq in ipairs(e.E) do seqs[#seqs + 1] = { seq, e.n } end
  table.sort(seqs, function(a, b) return a[1] < b[1] end)
  local path = {}
  for _, at in ipairs(seqs) do
    local event = eventAt(at[2], int(at[1]))
    if event and event[5] == e.id then
      event[2] = nameOf(at[2])
      path[#path + 1] = event
    end
  end
  return path
end

local function die(e, reason, who)
  local path = pathOf(e)
  if isOpen(e.s) then weigh(e, -1) end
  leave(e)
  freeKey(e)
  e.X = now
  enter(e, 'x')
  call('HSET', K(e.n, 'why'), e.id, cmsgpack.pack({ reason, e.a, now, path }))
  -- Whoever comes by next tells his sender (notices.ts).
  if e.N then
    call('HSET', P .. 'np', e.n .. ':' .. e.id, now)
    call('HSET', P .. 'root', 'untold', 1)
    isUntold = true
  end
  changed(e, 'dead', reasonOf(reason) .. attemptOf(e) .. (who or ''))
end

local outlived = 'its time-to-live ran out'
local function isExpired(e) return e.x and e.x <= now end
local function untold() return isUntold and 1 or 0 end

local maxLeaseMs = 43200000
local maxInboxMs = 43200000 + 2000

local function due(key, longest, limit)
  local ids = call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, limit)
  if longest and #ids == 0 then
    ids = call('ZRANGEBYSCORE', key, '(' .. int(now + longest + slackMs), '+inf', 'LIMIT', 0, limit)
  end
  return ids
end

local function closeInbox(n, request)
  call('ZREM', K(n, 'in'), request)
  local left = call('ZRANGE', K(n, 'ia:' .. request), 0, -1)
  for _, id in ipairs(left) do
    local e = load(n, id)
    leave(e)
    enter(e, 'r')
    changed(e, 'delivered', wordsOf(e))
  end
  return #left
end

local function bringReady(e, who)
  leave(e)
  e.l = 0
  arrive(e)
  changed(e, 'delivered', attemptOf(e) .. wordsOf(e) .. (who or ''))
end

-- At most `limit` of each kind.
local function recover(n, maxAttempts, limit)
  local moved = 0
  for _, id in ipairs(due(K(n, 'f'), maxLeaseMs, limit)) do
    local e = load(n, id)
    moved = moved + 1
    if e.a >= (e.M or maxAttempts) then
      die(e, 'the lease of attempt ' .. e.a .. ', the last one, ran out')
    else
      leave(e)
      e.l = 0
      enter(e, 'r')
      changed(e, 'lease_expired', attemptOf(e))
    end
  end
  for _, request in ipairs(due(K(n, 'in'), maxInboxMs, limit)) do moved = moved + closeInbox(n, request) end
  for _, id in ipairs(due(K(n, 'd'), nil, limit)) do
    bringReady(load(n, id))
    moved = moved + 1
  end
  for _, id in ipairs(call('ZRANGEBYSCORE', K(n, 'rs'), '(' .. int(now + slackMs), '+inf', 'LIMIT', 0, limit)) do
    bringReady(load(n, id))
    moved = moved + 1
  end
  for _, id in ipairs(due(K(n, 't'), nil, limit)) do die(load(n, id), outlived) end
  return moved
end

local function nextDue(n)
  local first = nil
  for _, what in ipairs({ 'f', 'd', 'in' }) do
    local at = tonumber(call('ZRANGE', K(n, what), 0, 0, 'WITHSCORES')[2])
    if at and (not first or at < first) then first = at end
  end
  return first
end

-- Looks only when something may be due. Now and then all the same, and when the clock was set back: what was written while it
-- was ahead falls due at no moment that is to come.
local longestRestMs = 10000
local function recoverAll(n, maxAttempts)
  local box = boxAt(n)
  if box.looked and now >= box.looked and now < box.looked + longestRestMs and (not box.look or now < box.look) then return end
  for _ = 1, 50 do
    if recover(n, maxAttempts, 200) == 0 then break end
  end
  box.look, box.new.look = nextDue(n), ''
  if box.look then box.new.look = int(box.look) end
  local ttl = tonumber(call('ZRANGE', K(n, 't'), 0, 0, 'WITHSCORES')[2])
  if ttl then lookAt(n, ttl) end
  box.looked, box.new.looked = now, int(now)
end
