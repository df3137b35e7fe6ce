local function day(at) return int(math.floor(at / 86400000)) end

--@ archived no-writes
-- mailbox fromScore tillScore afterId limit: (id at bytes pack)..., the oldest first
local n = boxOf(A[3])
local out = {}
local skip = 0
while n and #out < tonumber(A[7]) * 4 do
  local found = call('ZRANGEBYSCORE', K(n, 'a'), A[4], A[5], 'WITHSCORES', 'LIMIT', skip, A[7])
  if #found == 0 then break end
  skip = skip + #found / 2
  for i = 1, #found, 2 do
    if (found[i + 1] ~= A[4] or found[i] > A[6]) and #out < tonumber(A[7]) * 4 then
      local e = load(n, found[i])
      for _, one in ipairs({ e.id, int(e.A), e.b, e.P or '' }) do out[#out + 1] = one end
    end
  end
end
return out

--@ bodies no-writes
-- mailbox ids...: of those that are archived and not packed: id, homes and bytes
local n = boxOf(A[3])
local out = {}
for i = 4, n and #A or 0 do
  local e = load(n, A[i])
  if e and e.s == 'a' and not e.P then
    out[#out + 1] = e.id
    out[#out + 1] = call('HGET', P .. 'b', e.id) or ''
  end
end
return out

--@ pack allow-oom
-- mailbox bytes ids...: how many lie in it now
local n = boxOf(A[3])
if not n then return 0 end
local pack = int(call('HINCRBY', P .. 'root', 'packs', 1))
local count = 0
for i = 5, #A do
  local e = load(n, A[i])
  if e and e.s == 'a' and not e.P then
    e.P = pack
    save(e)
    count = count + 1
    local homes, raw, cut = homesOf(e.id)
    local isElsewhere = false
    for home in (homes or ''):gmatch('[^,]+') do
      local other = home ~= n and home ~= 'd' and load(home, e.id)
      if home == 'd' or (other and not other.P) then isElsewhere = true end
    end
    if homes and not isElsewhere then call('HSET', P .. 'b', e.id, raw:sub(1, cut)) end
  end
end
if count > 0 then
  call('HSET', K(n, 'pk'), pack, A[4])
  call('HSET', K(n, 'pkn'), pack, count)
end
return ring(count)

--@ dropArchived allow-oom
-- mailbox ids...
local n = boxOf(A[3])
for i = 4, n and #A or 0 do
  local e = load(n, A[i])
  if e and e.s == 'a' then
    leave(e)
    unpackEntry(e, '')
    forget(e)
    rehome(e.id, n)
  end
end
return ring(1)

--@ purged allow-oom
-- log id more
local n = boxOf(A[3])
if n then note(A[4], n .. ':' .. int(tell(n, 'purged', A[4], A[5])) .. ' ') end
return ring(1)

--@ dropEvents allow-oom
-- mailbox day limit: how many went; 0: all are gone
local n = boxOf(A[3])
if not n then return 0 end
local first, last = unpack(call('HMGET', K(n, 'days'), 'from' .. A[4], 'to' .. A[4]))
if not first then return 0 end
local gone, at = 0, first
local found = call('XRANGE', K(n, 'ev'), first .. '-0', last and (last .. '-0') or '+', 'COUNT', tonumber(A[5]))
local function untell(id, seq)
  local known = call('HGET', P .. 'told', id)
  if not known then return end
  local from, to = (' ' .. known):find(' ' .. n .. ':' .. seq .. ' ', 1, true)
  if not from then return end
  local rest = known:sub(1, from - 1) .. known:sub(to)
  if rest == '' then call('HDEL', P .. 'told', id) else call('HSET', P .. 'told', id, rest) end
end
for _, one in ipairs(found) do
  local f = one[2]
  at = one[1]:match('^%d+')
  if day(tonumber(f[2])) == A[4] then
    call('XDEL', K(n, 'ev'), one[1])
    untell(f[6], at)
    local replied = f[8]:match('"replyTo":"([^"]*)"')
    if replied then untell(replied, at) end
    call('HSET', K(n, 'm'), 'prunedSeq', at)
  end
end
if #found < tonumber(A[5]) then
  call('HDEL', K(n, 'days'), 'from' .. A[4], 'to' .. A[4])
  local before = call('HGET', K(n, 'm'), 'prunedDay')
  if not before or tonumber(before) < tonumber(A[4]) then call('HSET', K(n, 'm'), 'prunedDay', A[4]) end
  return 0
end
call('HSET', K(n, 'days'), 'from' .. A[4], int(tonumber(at) + 1))
return #found

--@ eventBytes no-writes
-- mailbox day: about what its events would be as lines
local n = boxOf(A[3])
local first, last = false, false
if n then first, last = unpack(call('HMGET', K(n, 'days'), 'from' .. A[4], 'to' .. A[4])) end
local bytes = 0
local from = first and (first .. '-0')
while from do
  local found = call('XRANGE', K(n, 'ev'), from, last and (last .. '-0') or '+', 'COUNT', 1000)
  from = #found == 1000 and ('(' .. found[1000][1]) or false
  for _, one in ipairs(found) do
    if day(tonumber(one[2][2])) == A[4] then bytes = bytes + 110 + #one[2][8] end
  end
end
return bytes

--@ sweepExpired allow-oom
-- mailbox dry limit: [how many, untold]
local n = boxOf(A[3])
if not n then return { 0, 0 } end
if A[4] == '1' then return { call('ZCOUNT', K(n, 't'), '-inf', now), 0 } end
local ids = due(K(n, 't'), nil, tonumber(A[5]))
for _, id in ipairs(ids) do die(load(n, id), outlived) end
return ring({ #ids, untold() })

--@ untold allow-oom
-- limit: (field mailbox id reason attempts deadAt homes-and-bytes)..., dead messages whose senders are to be told
local out = {}
local page = call('HSCAN', P .. 'np', 0, 'COUNT', tonumber(A[3]))
for i = 1, #page[2], 2 do
  local field, at = page[2][i], page[2][i + 1]
  local n, id = field:match('^(%d+):(.*)$')
  local e = load(n, id)
  local raw = e and e.s == 'x' and call('HGET', K(n, 'why'), id)
  if raw then
    local why = cmsgpack.unpack(raw)
    for _, one in ipairs({ field, nameOf(n), id, why[1], int(why[2]), int(why[3]), call('HGET', P .. 'b', id) or '' }) do
      out[#out + 1] = one
    end
  else
    call('HDEL', P .. 'np', field)
  end
end
if call('EXISTS', P .. 'np') == 0 then call('HDEL', P .. 'root', 'untold') end
return out

--@ toldSender allow-oom
-- field deadAt notice
local n, id = A[3]:match('^(%d+):(.*)$')
local raw = call('HGET', K(n, 'why'), id)
if raw then
  local why = cmsgpack.unpack(raw)
  if int(why[3]) == A[4] then
    why[5] = A[5]
    call('HSET', K(n, 'why'), id, cmsgpack.pack(why))
  end
end
call('HDEL', P .. 'np', A[3])
if call('EXISTS', P .. 'np') == 0 then call('HDEL', P .. 'root', 'untold') end
return 1
