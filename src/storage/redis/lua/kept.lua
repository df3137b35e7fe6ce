-- What is kept of what was done (logs and keys), and of a mailbox's numbers.
local function logKey(log) return P .. 'audit:' .. log end

--@ auditDays no-writes
return call('SMEMBERS', P .. 'audit')

--@ auditSize no-writes
return call('STRLEN', logKey(A[3]))

--@ auditAppend deny-oom
-- log lines: once, however often this call is made
if call('HGET', P .. 'auditby', A[3]) == op then return 1 end
call('APPEND', logKey(A[3]), A[4])
call('SADD', P .. 'audit', A[3])
call('HSET', P .. 'auditby', A[3], op)
return 1

--@ auditRead no-writes
-- log from to
return call('GETRANGE', logKey(A[3]), A[4], A[5])

--@ auditRemove allow-oom
-- log repeat
call('HDEL', P .. 'auditby', A[3])
call('DEL', logKey(A[3]))
return call('SREM', P .. 'audit', A[3]) == 1 and 1 or (A[4] == '1' and 1 or 0)

--@ auditKeys no-writes
return call('HKEYS', P .. 'auditkeys')

--@ auditKey no-writes
return call('HGET', P .. 'auditkeys', A[3]) or ''

--@ auditMakeKey allow-oom
-- number text
if call('HSETNX', P .. 'auditkeys', A[3], A[4]) == 1 then return 1 end
return call('HGET', P .. 'auditkeys', A[3]) == A[4] and 1 or 0

--@ auditRemoveKey allow-oom
call('HDEL', P .. 'auditkeys', A[3])
return 1

--@ rollups no-writes
local n = boxOf(A[3])
return n and call('HKEYS', K(n, 'roll')) or {}

--@ rollup no-writes
-- mailbox name
local n = boxOf(A[3])
return n and call('HGET', K(n, 'roll'), A[4])

--@ writeRollup deny-oom
-- mailbox name text
local n = boxOf(A[3])
if n then call('HSET', K(n, 'roll'), A[4], A[5]) end
return 1
