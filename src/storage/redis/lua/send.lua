-- Messages on their way. Each is its own commit, as far as anybody can tell; all of a call are one step.

local function isForgotten(at, windowMs) return now - at >= windowMs or isAhead(at, windowMs) end

-- f: what `send` and `deposit` say of a message. @returns the entry
local function put(n, id, state, f, kind, more)
  order = (tonumber(order) or 0) + 1
  local e = {
    id = id, n = n, v = 0, a = 0, l = 1, E = {}, y = now,
    o = order,
    p = tonumber(f.priority), b = tonumber(f.bytes), S = tonumber(f.sentAt), x = tonumber(f.expiresAt),
    k = some(f.orderingKey), R = some(f.replyTo), g = some(f.group), u = tonumber(f.dueBy),
    z = f.flags:find('t', 1, true) and 1 or nil, N = f.flags:find('n', 1, true) and 1 or nil,
    d = f.dueAt, A = f.archivedAt, w = f.withdrawn,
  }
  if state == 'r' and kind ~= 'imported' then arrive(e) else enter(e, state) end
  if isOpen(e.s) then weigh(e, 1) end
  changed(e, kind, more)
  return e
end

--@ send deny-oom
-- window untilFull; then of each: id bytes dueAt priority words sentAt expiresAt orderingKey replyTo group flags dueBy from
-- number-of-keys keys... number-of-mailboxes (name expiresAt maxMessages maxBytes)...
local window = nil

local numbers = {}
local function numberOf(name)
  numbers[name] = numbers[name] or boxOf(name)
  return numbers[name]
end

local function knownUnder(id, keys)
  if keys[1] and not window then window = tonumber(call('HGET', P .. 'root', 'window') or A[3]) end
  for i, key in ipairs(keys) do
    local raw = call('HGET', P .. 'dk', key)
    local known = raw and cmsgpack.unpack(raw)
    -- This very call, whose answer got lost, is no repeat.
    if known and not (known[4] == op and known[2] == id) and not isForgotten(known[1], window) then return known, i end
  end
end

local function waiting(n, g) return g and call('HGET', K(n, 'rp'), g) end

-- Whether the message of this id came to this mailbox: it is there, or where somebody has handed it over to since.
local function cameTo(n, id)
  if load(n, id) then return true end
  for home in (homesOf(id) or ''):gmatch('%d+') do
    local e = load(home, id)
    for _, before in ipairs(e and e.H or {}) do
      if tostring(before) == tostring(n) then return true end
    end
  end
end

local function fullFor(m)
  for _, box in ipairs(m.boxes) do
    local n = box.n
    if n and (box.most or box.mostBytes) and not cameTo(n, m.id)
      and not (m.dueAt == '' and m.replyTo ~= '' and call('ZSCORE', K(n, 'in'), m.replyTo))
      and not waiting(n, some(m.group)) then
      lineUpAll()
      local count = call('ZCARD', K(n, 'c')) + call('ZCARD', K(n, 'w')) + call('ZCARD', K(n, 'd')) + call('ZCARD', K(n, 'f'))
      if box.most and count + 1 > box.most then return { 'full', box.name, 'maxMessages', box.most, count } end
      local bytes = boxAt(n).bytes
      if box.mostBytes and bytes + #m.sealed + 1 > box.mostBytes then
        return { 'full', box.name, 'maxBytes', box.mostBytes, bytes }
      end
    end
  end
end

-- Of those that wait with its replace key the latest id stays.
local function replaceOlder(e, who, replaced)
  local ids = {}
  local newest = e.id
  for id in (waiting(e.n, e.g) or ''):gmatch('%S+') do
    ids[#ids + 1] = id
    if id > newest then newest = id end
  end
  for _, id in ipairs(ids) do
    if id < newest then
      local old = load(e.n, id)
      weigh(old, -1)
      withdraw(old)
      changed(old, 'replaced', who .. ',"replacedBy":"' .. newest .. '"')
      replaced[#replaced + 1] = nameOf(e.n)
      replaced[#replaced + 1] = id
    end
  end
end

local function sendOne(m)
  local known, which = knownUnder(m.id, m.keys)
  if known then
    local raw = call('HGET', P .. 'b', known[2])
    return { 'known', which, known[2], known[3], raw or '' }
  end
  if m.flags:find('p', 1, true) then return { 'refused' } end
  for _, box in ipairs(m.boxes) do
    if not box.n and not isLog(box.name) then return { 'gone', box.name } end
  end
  local full = fullFor(m)
  if full then return full end
  local dueAt = tonumber(m.dueAt) or 0
  local state = dueAt > now and 'd' or 'r'
  local homes, replaced = {}, {}
  for i, box in ipairs(m.boxes) do
    if not box.n then
      box.n = makeBox(box.name)
      call('SADD', P .. 'topics', box.name:sub(2))
    end
    homes[i] = box.n
  end
  if m.keys[1] then
    local old = call('HGET', P .. 'dk', m.keys[1])
    if old and cmsgpack.unpack(old)[2] ~= m.id then rehome(cmsgpack.unpack(old)[2], 'd') end
    call('HSET', P .. 'dk', m.keys[1], cmsgpack.pack({ now, m.id, m.names, op }))
    homes[#homes + 1] = 'd'
  end
  local fresh = m.boxes
  if keepBytes(m.id, homes, m.sealed) then
    -- What has come already was sent by a call whose answer got lost.
    fresh = {}
    for _, box in ipairs(m.boxes) do
      if not cameTo(box.n, m.id) then
        fresh[#fresh + 1] = box
      elseif not load(box.n, m.id) then
        -- Whoever has it now keeps its bytes.
        rehome(m.id, box.n)
      end
    end
  end
  local own = m.expiresAt
  for _, box in ipairs(fresh) do
    m.expiresAt = own ~= '' and own or box.expiresAt
    if isLog(box.name) then
      local f = { priority = m.priority, bytes = #m.sealed, sentAt = m.sentAt, expiresAt = '', orderingKey = '', group = '',
        replyTo = m.replyTo, flags = m.flags, dueBy = '', archivedAt = now }
      put(box.n, m.id, 'a', f, 'published', m.words .. ',"key":"' .. m.id .. '#1@"')
    else
      m.bytes = #m.sealed
      local f = m
      f.dueAt = state == 'd' and dueAt or nil
      local e = put(box.n, m.id, state, f, state == 'd' and 'scheduled' or 'delivered', m.words)
      if e.g and not e.i then replaceOlder(e, m.who, replaced) end
    end
  end
  return { 'ok', state, unpack(replaced) }
end

local answers = {}
local at = 5
while at <= #A do
  local m = { id = A[at], sealed = A[at + 1], dueAt = A[at + 2], priority = A[at + 3], words = A[at + 4], sentAt = A[at + 5],
    expiresAt = A[at + 6], orderingKey = A[at + 7], replyTo = A[at + 8], group = A[at + 9], flags = A[at + 10], dueBy = A[at + 11],
    who = A[at + 12], keys = {}, boxes = {} }
  local keys = tonumber(A[at + 13])
  for i = 1, keys do m.keys[i] = A[at + 13 + i] end
  at = at + 14 + keys
  local names = {}
  for i = 1, tonumber(A[at]) do
    local name = A[at + 1]
    m.boxes[i] = { name = name, n = numberOf(name), expiresAt = A[at + 2], most = tonumber(A[at + 3]), mostBytes = tonumber(A[at + 4]) }
    names[i] = name
    at = at + 4
  end
  at = at + 1
  m.names = table.concat(names, ' ')
  local answer = sendOne(m)
  answers[#answers + 1] = answer
  if answer[1] == 'full' and A[4] == '1' then break end
end
return ring(answers)

--@ deposit deny-oom
-- mailbox id bytes state at priority sentAt expiresAt orderingKey replyTo group flags dueBy who
local n = boxOf(A[3])
if not n then return { 'gone' } end
local e = load(n, A[4])
if not e then
  local state = A[6]
  keepBytes(A[4], { n }, A[5])
  local f = { bytes = #A[5], priority = A[8], sentAt = A[9], expiresAt = A[10], orderingKey = A[11], replyTo = A[12],
    group = A[13], flags = A[14], dueBy = A[15] }
  if state == 'a' then
    f.archivedAt = tonumber(A[7])
    if not f.flags:find('t', 1, true) then f.withdrawn = 1 end
  end
  e = put(n, A[4], state, f, 'imported', A[16])
end
return ring({ 'ok', enc(entryOf(e)) })

--@ sweepKeys allow-oom
-- cursor dry window: keys that are over, some at a time; [next cursor, how many]
local windowMs = tonumber(call('HGET', P .. 'root', 'window') or A[5])
local page = call('HSCAN', P .. 'dk', A[3], 'COUNT', 500)
local over = 0
for i = 1, #page[2], 2 do
  local known = cmsgpack.unpack(page[2][i + 1])
  if isForgotten(known[1], windowMs) then
    over = over + 1
    if A[4] ~= '1' then
      call('HDEL', P .. 'dk', page[2][i])
      rehome(known[2], 'd')
    end
  end
end
return { page[1], over }
