-- Entries: a message in a mailbox, a packed table in the mailbox's hash `e`; its bytes lie once in the root's hash `b`, behind
-- the numbers of the mailboxes that hold it (and `d` for a dedupe key that goes by it) and a line end.
--
-- id, n (its mailbox); s state: r d f a x; v version; p priority; l lane: 0 comes back, 1 is new; o arrival; a attempt;
-- b bytes; S sentAt; x expiresAt; k orderingKey, h holds it; R replyTo; g replace group; i inbox it waits in; d dueAt,
-- D restsSince; t token, T those that were used; c claimedAt; L leaseUntil; M maxAttempts; y readySince; A ackedAt,
-- w withdrawn; X deadAt; z task; u dueBy; N its sender wants to be told; E its events; H where it was before;
-- q the call that changed it last; P the pack it lies in

local function load(n, id)
  local raw = (unsaved[n] and unsaved[n][id]) or call('HGET', K(n, 'e'), id)
  if not raw then return nil end
  local e = cmsgpack.unpack(raw)
  e.n = n
  e.id = id
  return e
end

local function save(e)
  local n, id = e.n, e.id
  e.n, e.id = nil, nil
  local entries = unsaved[n]
  if not entries then
    entries = {}
    unsaved[n] = entries
  end
  entries[id] = cmsgpack.pack(e)
  e.n, e.id = n, id
end

local function homesOf(id)
  local raw = call('HGET', P .. 'b', id)
  if not raw then return nil end
  local cut = raw:find('\n', 1, true)
  if cut then return raw:sub(1, cut - 1), raw, cut end
  -- Spoilt. Who holds it the mailboxes know themselves.
  local homes = {}
  for _, n in ipairs(call('HVALS', P .. 'names')) do
    if call('HEXISTS', K(n, 'e'), id) == 1 then homes[#homes + 1] = n end
  end
  local head = table.concat(homes, ',')
  return head, head .. '\n' .. raw, #head + 1
end

-- Of the homes of an id one comes or goes; with the last one the bytes go.
local function rehome(id, gone, new)
  local homes, raw, cut = homesOf(id)
  if not homes then return end
  local left = new and { new } or {}
  for home in homes:gmatch('[^,]+') do
    if home ~= gone and home ~= new then left[#left + 1] = home end
  end
  if #left == 0 then
    call('HDEL', P .. 'b', id)
  else
    call('HSET', P .. 'b', id, table.concat(left, ',') .. raw:sub(cut))
  end
end

-- @returns whether they were there already
local function keepBytes(id, homes, bytes)
  if call('HSETNX', P .. 'b', id, table.concat(homes, ',') .. '\n' .. bytes) == 1 then return false end
  for _, n in ipairs(homes) do rehome(id, nil, n) end
  -- Those of who lies in a pack are nowhere else.
  local _, raw, cut = homesOf(id)
  if #raw == cut then call('HSET', P .. 'b', id, raw .. bytes) end
  return true
end

-- What a doorbell needs to ring rightly (model/event.ts), from the message itself.
local function wordsOf(e)
  local _, raw, cut = homesOf(e.id)
  local ok, m = pcall(cjson.decode, raw and raw:sub(cut + 1) or '')
  if not ok then return '' end
  local out = ''
  for _, name in ipairs({ 'from', 'type', 'priority', 'subject', 'thread', 'replyTo' }) do
    if m[name] ~= nil then out = out .. ',"' .. name .. '":' .. enc(m[name]) end
  end
  return out
end

local function attemptOf(e) return ',"attempt":' .. e.a end
local function reasonOf(reason) return ',"reason":' .. enc(reason) end

-- Every change ends here: who listed it before is stale, and the log hears of it.
local function changed(e, kind, more)
  e.v = e.v + 1
  e.q = op
  if e.s == 'r' then e.y = now end
  if e.c and e.s ~= 'f' then
    local held = lastedMs(e.c)
    if held then more = more .. ',"heldMs":' .. int(held) end
    e.c = nil
  end
  if (kind == 'acked' or kind == 'dead') and (e.u or e.x) then
    local late = (e.u and e.u < now) or (e.x and e.x <= now) or false
    more = more .. ',"late":' .. tostring(late)
  end
  if e.z and (kind == 'acked' or kind == 'dead' or kind == 'cancelled') then more = more .. ',"task":true' end
  local events = e.E
  events[#events + 1] = tell(e.n, kind, e.id, more)
  -- What it answers hears of it, too.
  if e.R and more:find('"replyTo":"', 1, true) then note(e.R, e.n .. ':' .. int(events[#events]) .. ' ') end
  -- A claim that is renewed all day.
  if #events > 64 then
    local at = ''
    for i = 1, 48 do at = at .. e.n .. ':' .. int(events[i]) .. ' ' end
    note(e.id, at)
    local rest = {}
    for i = 49, #events do rest[#rest + 1] = events[i] end
    e.E = rest
  end
  save(e)
end

local function score(e) return (e.p * 2 + e.l) * 70368744177664 + e.o end

-- Ordering keys: `k:<key>` has the ready ones of a key, `kh` who holds it, `kc` which of them may be claimed: its holder, or of
-- a free key the first. That one is in `c`, as is what has no key; the others wait in `w`. So a claim costs the same however
-- many wait behind a key.
local function fixKey(n, key)
  local line = K(n, 'k:' .. key)
  local was = call('HGET', K(n, 'kc'), key)
  local holder = call('HGET', K(n, 'kh'), key)
  local next = holder or call('ZRANGE', line, 0, 0)[1] or false
  local at = next and call('ZSCORE', line, next)
  if not at then next = false end
  if was == next then return end
  if was then
    local place = call('ZSCORE', line, was)
    if call('ZREM', K(n, 'c'), was) == 1 and place then call('ZADD', K(n, 'w'), place, was) end
  end
  if next then
    call('ZREM', K(n, 'w'), next)
    call('ZADD', K(n, 'c'), at, next)
    call('HSET', K(n, 'kc'), key, next)
  else
    call('HDEL', K(n, 'kc'), key)
  end
end

local function freeKey(e)
  if not e.h then return end
  e.h = nil
  call('HDEL', K(e.n, 'kh'), e.k)
  fixKey(e.n, e.k)
end

-- The waiting messages of one sender and replace key: `rp` has their ids, most often one.
local function group(e, isIn)
  if not e.g then return end
  local ids = call('HGET', K(e.n, 'rp'), e.g) or ''
  local rest = ids:gsub(e.id .. ' ', '')
  if isIn then rest = rest .. e.id .. ' ' end
  if rest == '' then
    call('HDEL', K(e.n, 'rp'), e.g)
  else
    call('HSET', K(e.n, 'rp'), e.g, rest)
  end
end

local function isOpen(s) return s == 'r' or s == 'd' or s == 'f' end
local function weigh(e, sign)
  local box = boxAt(e.n)
  box.bytes = box.bytes + sign * (e.b + 1)
  box.new.bytes = int(box.bytes)
end

-- Something falls due then.
local function lookAt(n, at)
  local box = boxAt(n)
  if not box.look or at < box.look then
    box.look, box.new.look = at, int(at)
  end
end

-- Into a state. What it needs of the entry is set before.
local function enter(e, s)
  e.s = s
  if s == 'r' then
    if e.x then
      call('ZADD', K(e.n, 't'), e.x, e.id)
      lookAt(e.n, e.x)
    end
    if e.k then
      call('ZADD', K(e.n, 'k:' .. e.k), score(e), e.id)
      call('ZADD', K(e.n, 'w'), score(e), e.id)
      fixKey(e.n, e.k)
    else
      local words = unlined[e.n]
      if not words then
        words = {}
        unlined[e.n] = words
      end
      words[#words + 1] = int(score(e))
      words[#words + 1] = e.id
    end
  elseif s == 'd' then
    call('ZADD', K(e.n, 'd'), e.d, e.id)
    lookAt(e.n, e.d)
    if e.D then call('ZADD', K(e.n, 'rs'), e.D, e.id) end
    if e.i then call('ZADD', K(e.n, 'ia:' .. e.i), e.o, e.id) end
  elseif s == 'f' then
    call('ZADD', K(e.n, 'f'), int(e.L), e.id)
    lookAt(e.n, e.L)
  elseif s == 'a' then
    call('ZADD', K(e.n, 'a'), int(e.A), e.id)
  else
    call('ZADD', K(e.n, 'x'), e.X, e.id)
  end
  if (s == 'r' or s == 'd') and not e.i then group(e, true) end
end

local function leave(e)
  local s = e.s
  if s == 'r' then lineUpAll() end
  if (s == 'r' or s == 'd') and not e.i then group(e, false) end
  if s == 'r' then
    if e.x then call('ZREM', K(e.n, 't'), e.id) end
    call('ZREM', K(e.n, 'c'), e.id)
    if e.k then
      call('ZREM', K(e.n, 'w'), e.id)
      call('ZREM', K(e.n, 'k:' .. e.k), e.id)
      fixKey(e.n, e.k)
    end
  elseif s == 'd' then
    call('ZREM', K(e.n, 'd'), e.id)
    if e.D then call('ZREM', K(e.n, 'rs'), e.id) end
    if e.i then call('ZREM', K(e.n, 'ia:' .. e.i), e.id) end
    e.D, e.i = nil, nil
  elseif s == 'x' then
    call('ZREM', K(e.n, 'x'), e.id)
    call('HDEL', K(e.n, 'why'), e.id)
    call('HDEL', P .. 'np', e.n .. ':' .. e.id)
    e.X = nil
  else
    call('ZREM', K(e.n, s), e.id)
  end
end

-- Ready, or, when it answers a request whose inbox is open, there until that is closed.
local function arrive(e)
  local till = e.R and call('ZSCORE', K(e.n, 'in'), e.R)
  if till then
    e.d = tonumber(till)
    e.i = e.R
    enter(e, 'd')
  else
    enter(e, 'r')
  end
end

local function withdraw(e)
  leave(e)
  freeKey(e)
  e.A, e.w = now, 1
  enter(e, 'a')
end

-- Out of its mailbox; its events stay.
local function forget(e)
  local at = ''
  for _, seq in ipairs(e.E) do at = at .. e.n .. ':' .. int(seq) .. ' ' end
  note(e.id, at)
  if unsaved[e.n] then unsaved[e.n][e.id] = nil end
  call('HDEL', K(e.n, 'e'), e.id)
end

-- As the storage's users see it (entry.ts).
local function entryOf(e)
  return {
    m = nameOf(e.n), i = e.id, s = e.s, v = e.v, p = e.p, a = e.a, z = e.z, x = e.x,
    o = e.s == 'r' and int(score(e)) or nil,
    d = e.s == 'd' and e.d or nil,
    t = e.s == 'f' and e.t or nil,
    L = e.s == 'f' and e.L or nil,
    M = e.s == 'f' and e.M or nil,
    A = e.s == 'a' and e.A or nil,
    w = e.s == 'a' and e.w or nil,
    X = e.s == 'x' and e.X or nil,
  }
end

local function entriesJson(list)
  return #list == 0 and '[]' or enc(list)
end

-- An entry as it was listed, in one of these states; or as this very call has left it. nil: it has moved on.
local function listed(name, id, version, states)
  local n = boxOf(name)
  local e = n and load(n, id)
  if not e then return nil end
  if e.q == op then return e, true end
  if int(e.v) ~= version or not states:find(e.s, 1, true) then return nil end
  return e
end

-- Packs: what a day of a mailbox's archive has, compressed, in its hash `pk`; `pkn` counts who still lies in it. The bytes of
-- who lies in a pack in every mailbox that holds it are nowhere else.
local function isPacked(e)
  local _, raw, cut = homesOf(e.id)
  return raw == nil or #raw == cut
end

local function unpackEntry(e, bytes)
  if not e.P then return end
  local pack = e.P
  e.P = nil
  if call('HINCRBY', K(e.n, 'pkn'), pack, -1) <= 0 then
    call('HDEL', K(e.n, 'pkn'), pack)
    call('HDEL', K(e.n, 'pk'), pack)
  end
  if bytes ~= '' and isPacked(e) then call('HSET', P .. 'b', e.id, (homesOf(e.id) or e.n) .. '\n' .. bytes) end
end
