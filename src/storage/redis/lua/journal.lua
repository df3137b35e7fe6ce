-- From where on somebody has not heard what is told here. He may have followed a server that was lost further than this one has
-- its events: then all that is told in this one's own history is new to him.
local function heard(from)
  from = tonumber(from)
  local last = tonumber(seq or '0')
  if from <= last then return from end
  return history == historyNow() and tonumber(call('HGET', P .. 'root', 'since') or last) or last
end

--@ seq no-writes
return seq or '0'

--@ news no-writes
-- from: [up to where, the logs with news since]
local out = {}
for _, n in ipairs(call('ZRANGEBYSCORE', P .. 'last', '(' .. int(heard(A[3])), '+inf')) do
  local name = nameOf(n)
  if isLog(name) then out[#out + 1] = name end
end
return { seq or '0', out }

--@ events no-writes
-- from upTo|'' limit mailboxes...|'*': [up to where, pruned behind, whose go on, events]
local from, limit = heard(A[3]), tonumber(A[5])
local last = tonumber(seq or '0')
-- It was another server that has said up to where, if that is further than this one has come.
local upTo = math.min(tonumber(some(A[4]) or last), last)
local asked = {}
if A[6] == '*' then
  for _, n in ipairs(call('ZRANGEBYSCORE', P .. 'last', '(' .. int(from), '+inf')) do
    if not isLog(nameOf(n)) then asked[#asked + 1] = n end
  end
else
  for i = 6, #A do
    local n = boxOf(A[i])
    if n then asked[#asked + 1] = n end
  end
end
local pruned, all = {}, {}
for _, n in ipairs(asked) do
  local gone = tonumber(call('HGET', K(n, 'm'), 'prunedSeq') or '0')
  if from > 0 and gone > from then pruned[#pruned + 1] = nameOf(n) end
  for _, one in ipairs(call('XRANGE', K(n, 'ev'), '(' .. int(from) .. '-0', int(upTo) .. '-0', 'COUNT', limit)) do
    local f = one[2]
    all[#all + 1] = { tonumber(one[1]:match('^%d+')), n, f[2], f[4], f[6], f[8] }
  end
end
table.sort(all, function(a, b) return a[1] < b[1] end)
local out, more = {}, {}
for i, event in ipairs(all) do
  if i > limit then break end
  out[i] = { int(event[1]), nameOf(event[2]), event[3], event[4], event[5], event[6] }
end
if #all >= limit and limit > 0 then
  local last = all[math.min(#all, limit)][1]
  if last < upTo then
    upTo = last
    for _, n in ipairs(asked) do
      if tonumber(call('ZSCORE', P .. 'last', n) or '0') > upTo then more[#more + 1] = nameOf(n) end
    end
  end
end
return { int(upTo), pruned, more, out }

--@ history no-writes
-- id mailbox
local id = A[3]
local only = A[4] ~= '' and (boxOf(A[4]) or 'none') or nil
local seen, seqs = {}, {}
local function add(n, seq)
  if seen[seq] or (only and only ~= n) then return end
  seen[seq] = true
  seqs[#seqs + 1] = { seq, n }
end
for n, seq in (call('HGET', P .. 'told', id) or ''):gmatch('(%d+):(%d+) ') do add(n, tonumber(seq)) end
for n in (homesOf(id) or ''):gmatch('%d+') do
  local e = load(n, id)
  for _, seq in ipairs(e and e.E or {}) do add(n, seq) end
end
table.sort(seqs, function(a, b) return a[1] < b[1] end)
local out = {}
for _, at in ipairs(seqs) do
  local event = eventAt(at[2], int(at[1]))
  if event then
    event[2] = nameOf(at[2])
    out[#out + 1] = event
  end
end
return out

--@ recent no-writes
-- since least
local since, least = tonumber(A[3]), tonumber(A[4])
local out = {}
for _, n in ipairs(call('ZRANGE', P .. 'last', 0, -1)) do
  local name = nameOf(n)
  if not isLog(name) then
    local till, count, goesOn = '+', 0, true
    while goesOn do
      local page = call('XREVRANGE', K(n, 'ev'), till, '-', 'COUNT', 100)
      goesOn = #page == 100
      for _, one in ipairs(page) do
        local f = one[2]
        if count >= least and tonumber(f[2]) < since then
          goesOn = false
          break
        end
        count = count + 1
        out[#out + 1] = { tonumber(one[1]:match('^%d+')), name, f[2], f[4], f[6], f[8] }
        till = '(' .. one[1]
      end
    end
  end
end
table.sort(out, function(a, b)
  if a[3] ~= b[3] then return tonumber(a[3]) < tonumber(b[3]) end
  return a[1] < b[1]
end)
for _, event in ipairs(out) do event[1] = int(event[1]) end
return out

--@ claims no-writes
-- mailbox (id attempt)...
local n = boxOf(A[3])
local out = {}
for i = 4, n and #A or 0, 2 do
  local seqs = {}
  for home, seq in (call('HGET', P .. 'told', A[i]) or ''):gmatch('(%d+):(%d+) ') do
    if home == n then seqs[#seqs + 1] = tonumber(seq) end
  end
  local e = load(n, A[i])
  for _, seq in ipairs(e and e.E or {}) do seqs[#seqs + 1] = seq end
  for j = #seqs, 1, -1 do
    local event = eventAt(n, int(seqs[j]))
    if event and event[4] == 'claimed' and (event[6] .. ','):find('"attempt":' .. A[i + 1] .. ',', 1, true) then
      event[2] = nameOf(n)
      out[#out + 1] = event
      break
    end
  end
end
return out

--@ tally no-writes
-- mailbox since limit
local n = boxOf(A[3])
local counted = {}
local out = {}
local since, left, till = tonumber(A[4]), tonumber(A[5]), '+'
while n and left > 0 do
  local page = call('XREVRANGE', K(n, 'ev'), till, '-', 'COUNT', 500)
  for _, one in ipairs(page) do
    local f = one[2]
    if tonumber(f[2]) >= since then
      counted[f[4]] = (counted[f[4]] or 0) + 1
      left = left - 1
    else
      left = 0
    end
    till = '(' .. one[1]
  end
  if #page < 500 then break end
end
for kind, count in pairs(counted) do
  out[#out + 1] = kind
  out[#out + 1] = count
end
return out

--@ days no-writes
-- mailbox: what `days` has
local n = boxOf(A[3])
if not n then return {} end
local box = boxAt(n)
local out = call('HGETALL', K(n, 'days'))
for _, one in ipairs({ 'day', box.day or '', 'seq', box.seq or '' }) do out[#out + 1] = one end
return out

--@ prunedDay no-writes
local n = boxOf(A[3])
return n and call('HGET', K(n, 'm'), 'prunedDay') or ''

--@ part no-writes
-- mailbox day fromSeq limit: [mark of what lies in front, last seq read, events]
local n = boxOf(A[3])
if not n then return {} end
local first, last = unpack(call('HMGET', K(n, 'days'), 'from' .. A[4], 'to' .. A[4]))
local today = boxAt(n).day
if not first then return {} end
local till = (today ~= A[4] and last) and (last .. '-0') or '+'
local from = tonumber(A[5]) >= tonumber(first) and ('(' .. A[5] .. '-0') or (first .. '-0')
local out = {}
local at = A[5]
for _, one in ipairs(call('XRANGE', K(n, 'ev'), from, till, 'COUNT', tonumber(A[6]))) do
  local f = one[2]
  at = one[1]:match('^%d+')
  -- A clock that was set back leaves events of another day between.
  if int(math.floor(tonumber(f[2]) / 86400000)) == A[4] then
    out[#out + 1] = { at, nameOf(n), f[2], f[4], f[6], f[8] }
  end
end
return { first, at, out }
