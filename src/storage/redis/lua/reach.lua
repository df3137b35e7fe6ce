--@ sessions no-writes
return call('HVALS', P .. 'sessions')

--@ session no-writes
-- key
return call('HGET', P .. 'sessions', A[3]) or ''

--@ putSession allow-oom
-- key json
call('HSET', P .. 'sessions', A[3], A[4])
return 1

--@ removeSession allow-oom
-- key mailbox|''
call('HDEL', P .. 'sessions', A[3])
call('HDEL', P .. 'places', A[3])
local n = A[4] ~= '' and boxOf(A[4])
for _, field in ipairs(n and call('HKEYS', K(n, 'an')) or {}) do
  if field:sub(1, #A[3] + 1) == A[3] .. ' ' then call('HDEL', K(n, 'an'), field) end
end
return 1

--@ takePlace allow-oom
-- key token
call('HSET', P .. 'places', A[3], A[4])
return 1

--@ place no-writes
-- key
return call('HGET', P .. 'places', A[3]) or ''

--@ announced no-writes
-- mailbox: (`<session> <time> <id>`, when and by which call)...
local n = boxOf(A[3])
return n and call('HGETALL', K(n, 'an')) or {}

--@ announce allow-oom
-- mailbox session more (time id)...: which of them are this call's
local n = boxOf(A[3])
if not n then return {} end
local mine = {}
for i = 6, #A, 2 do
  local field = A[4] .. ' ' .. A[i] .. ' ' .. A[i + 1]
  local known = call('HGET', K(n, 'an'), field)
  if not known then
    call('HSET', K(n, 'an'), field, int(now) .. ' ' .. op)
    local seq = tell(n, 'announced', A[i + 1], A[5])
    local e = load(n, A[i + 1])
    if e then
      e.E[#e.E + 1] = seq
      save(e)
    else
      note(A[i + 1], n .. ':' .. int(seq) .. ' ')
    end
  end
  if not known or known:match(' (.*)$') == op then mine[#mine + 1] = (i - 6) / 2 end
end
return ring(mine)

--@ unannounce allow-oom
-- mailbox fields...
local n = boxOf(A[3])
for i = 4, n and #A or 0 do call('HDEL', K(n, 'an'), A[i]) end
return 1

--@ notes deny-oom
-- line: the last thousand
call('RPUSH', P .. 'notes', A[3])
call('LTRIM', P .. 'notes', -1000, -1)
return 1

--@ putPresence allow-oom
-- mailbox json
local n = boxOf(A[3])
if not n then return 0 end
call('HSET', P .. 'pr', n, A[4])
call('HSET', P .. 'ps', n, now)
return 1

--@ seen allow-oom
-- mailbox
local n = boxOf(A[3])
if n and call('HEXISTS', P .. 'pr', n) == 1 then call('HSET', P .. 'ps', n, now) end
return 1

--@ presence no-writes
-- mailbox: [json, seen, read]
local n = boxOf(A[3])
local json = n and call('HGET', P .. 'pr', n)
if not json then return {} end
return { json, call('HGET', P .. 'ps', n) or '', call('HGET', K(n, 'm'), 'read') or '' }

--@ absent allow-oom
-- mailbox
local n = boxOf(A[3])
if n then
  call('HDEL', P .. 'pr', n)
  call('HDEL', P .. 'ps', n)
end
return 1
