--@ list no-writes
-- mailbox key reversed low high afterScore afterId limit: a page of a set by score, then id
local n = boxOf(A[3])
if not n then return '[]' end
local reversed = A[5] == '1'
local low, high, limit = A[6], A[7], tonumber(A[10])
local afterScore, afterId = tonumber(A[8]), A[9]
if afterScore then
  if reversed then
    if high == '+inf' or afterScore <= tonumber((high:gsub('^%(', ''))) then high = int(afterScore) end
  elseif low == '-inf' or afterScore >= tonumber(low) then
    low = int(afterScore)
  end
end
local out = {}
local skip = 0
while #out < limit do
  local found
  if reversed then
    found = call('ZREVRANGEBYSCORE', K(n, A[4]), high, low, 'WITHSCORES', 'LIMIT', skip, limit)
  else
    found = call('ZRANGEBYSCORE', K(n, A[4]), low, high, 'WITHSCORES', 'LIMIT', skip, limit)
  end
  if #found == 0 then break end
  skip = skip + #found / 2
  for i = 1, #found, 2 do
    local id = found[i]
    local isBehind = not afterScore or tonumber(found[i + 1]) ~= afterScore
    if not isBehind then
      if reversed then isBehind = id < afterId else isBehind = id > afterId end
    end
    if isBehind and #out < limit then out[#out + 1] = entryOf(load(n, id)) end
  end
end
return entriesJson(out)

--@ listReady no-writes
-- mailbox after limit: what may be claimed and what waits behind its key, in the order of both
local n = boxOf(A[3])
if not n then return '[]' end
local from = A[4] == '' and '-inf' or ('(' .. A[4])
local all = {}
for _, what in ipairs({ 'c', 'w' }) do
  local found = call('ZRANGEBYSCORE', K(n, what), from, '+inf', 'WITHSCORES', 'LIMIT', 0, tonumber(A[5]))
  for i = 1, #found, 2 do all[#all + 1] = { tonumber(found[i + 1]), found[i] } end
end
table.sort(all, function(a, b) return a[1] < b[1] end)
local out = {}
for i = 1, math.min(#all, tonumber(A[5])) do out[i] = entryOf(load(n, all[i][2])) end
return entriesJson(out)

--@ find no-writes
-- id mailbox
local out = {}
local id = A[3]
if A[4] ~= '' then
  local n = boxOf(A[4])
  local e = n and load(n, id)
  if e then out[1] = entryOf(e) end
else
  for n in (homesOf(id) or ''):gmatch('%d+') do
    local e = load(n, id)
    if e and not isLog(nameOf(n)) then out[#out + 1] = entryOf(e) end
  end
  table.sort(out, function(a, b) return a.m < b.m end)
end
return entriesJson(out)

--@ read no-writes
-- mailbox id version: [homes and bytes] or [bytes of its pack, compressed, ''], if it is as it was
local n = boxOf(A[3])
local e = n and load(n, A[4])
if not e or int(e.v) ~= A[5] then return false end
if e.P and isPacked(e) then return { call('HGET', K(n, 'pk'), e.P) or '', '1' } end
return { call('HGET', P .. 'b', e.id) or '', '' }

--@ packed no-writes
-- mailbox pack
local n = boxOf(A[3])
return n and call('HGET', K(n, 'pk'), A[4])

--@ why no-writes
-- mailbox id version
local n = boxOf(A[3])
local e = n and load(n, A[4])
if not e or int(e.v) ~= A[5] or e.s ~= 'x' then return false end
local why = cmsgpack.unpack(call('HGET', K(n, 'why'), e.id))
return { why[1], why[2], int(why[3]), why[4], why[5] or '' }

--@ counts no-writes
-- mailbox: ready inflight delayed dead archived corrupt expired oldest read refusals... as [hour count]..., the last one
local n = boxOf(A[3])
if not n then return {} end
local oldest = nil
for _, what in ipairs({ 'c', 'w' }) do
  if call('EXISTS', K(n, what)) == 1 then
    for lane = 0, 7 do
      local low = lane * 70368744177664
      local id = call('ZRANGEBYSCORE', K(n, what), int(low), int(low + 70368744177663), 'LIMIT', 0, 1)[1]
      local at = id and load(n, id).S
      if at and (not oldest or at < oldest) then oldest = at end
    end
  end
end
local refused, last = 0, ''
local hours = call('HGETALL', K(n, 'no'))
for i = 1, #hours, 2 do
  if hours[i] ~= 'last' then
    if tonumber(hours[i]) > math.floor((now - 86400000) / 3600000) then
      refused = refused + tonumber(hours[i + 1])
    end
  else
    last = hours[i + 1]
  end
end
local lastOne = last ~= '' and cmsgpack.unpack(last) or {}
if not lastOne[1] or lastOne[1] <= now - 86400000 then refused = 0 end
return { call('ZCARD', K(n, 'c')) + call('ZCARD', K(n, 'w')), call('ZCARD', K(n, 'f')), call('ZCARD', K(n, 'd')),
  call('ZCARD', K(n, 'x')), call('ZCARD', K(n, 'a')), call('HLEN', K(n, 'bad')),
  call('ZCOUNT', K(n, 't'), '-inf', now), oldest and int(oldest) or '', call('HGET', K(n, 'm'), 'read') or '',
  refused, lastOne[1] and int(lastOne[1]) or '', lastOne[2] or '', lastOne[3] or '' }

--@ load no-writes
local n = boxOf(A[3])
if not n then return { 0, '0' } end
return { call('ZCARD', K(n, 'c')) + call('ZCARD', K(n, 'w')) + call('ZCARD', K(n, 'd')) + call('ZCARD', K(n, 'f')),
  int(boxAt(n).bytes) }

--@ lastReadAt no-writes
local n = boxOf(A[3])
return n and call('HGET', K(n, 'm'), 'read') or ''

--@ topics no-writes
return call('SMEMBERS', P .. 'topics')
