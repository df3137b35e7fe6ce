-- Moving a root away. Its hash `root` has `move`, what is known of a move that is under way, as JSON; `away`, since when nobody else
-- is let in, and where it goes or went; `moved`, what `move` was when it was decided; `mover`, the process that moves it: one that
-- took its place shuts out the one before, however long that was stopped.
if not isThere then return redis.error_reply(lost) end
local mover, move = unpack(call('HMGET', P .. 'root', 'mover', 'move'))
local function isMine() return mover == A[3] end
local taken = redis.error_reply('DREAMOSTAKEN another process moves this root')
local lock = P .. 'lock:move'

--@ moveState no-writes
return { move or call('HGET', P .. 'root', 'moved') or '', away or '', call('HGET', P .. 'root', 'replicas') or '' }

--@ moveLock allow-oom
-- mover milliseconds: whether it is the one
local holder = call('GET', lock)
if holder and holder ~= A[3] then return 0 end
call('SET', lock, A[3], 'PX', A[4])
call('HSET', P .. 'root', 'mover', A[3])
return 1

--@ moveHold allow-oom
-- mover milliseconds
if not isMine() then return 0 end
call('SET', lock, A[3], 'PX', A[4])
return 1

--@ moveUnlock allow-oom
-- mover
if call('GET', lock) == A[3] then call('DEL', lock) end
return 1

--@ moveCheck no-writes
-- mover
return isMine() and move and 1 or taken

--@ moveBegin allow-oom
-- mover move
if not isMine() or away or (move and move ~= A[4]) then return taken end
call('HSET', P .. 'root', 'move', A[4])
return 1

--@ moveFreeze allow-oom
-- mover to
if not isMine() or not move then return taken end
call('HSET', P .. 'root', 'away', 'moving ' .. A[4])
-- Whoever waits looks, and is told.
for _, n in ipairs(call('HVALS', P .. 'names')) do redis.pcall('PUBLISH', P .. 'bell', call('HGET', P .. n .. ':m', 'name')) end
return 1

--@ moveSettle allow-oom
-- mover to: from here on it is moved
if not isMine() then return taken end
if away == 'moved ' .. A[4] then return 1 end
if not move then return taken end
call('HSET', P .. 'root', 'away', 'moved ' .. A[4], 'moved', move)
call('HDEL', P .. 'root', 'move')
return 1

--@ moveBack allow-oom
-- mover: a repeat finds it given back
if not isMine() or (away and not move) then return taken end
call('HDEL', P .. 'root', 'away', 'move')
return 1

--@ moveUnlink allow-oom
-- mover keys...: of what was moved
if not isMine() or move or not away then return taken end
for i = 4, #A do call('UNLINK', A[i]) end
return 1

--@ moveGone allow-oom
-- mover: the last step
if not isMine() or move or not away then return taken end
call('DEL', P .. 'root')
return 1
