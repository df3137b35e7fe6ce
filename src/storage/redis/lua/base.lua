-- What every script begins with. KEYS[1] is the prefix of the root's keys, with its hash tag; ARGV[1] the time in milliseconds
-- since 1970, or '': the server's own; ARGV[2] names this call (a repeat has the same name); the rest is the operation's.
local P = KEYS[1]
local A = ARGV
local call = redis.call
local enc = cjson.encode
local now = tonumber(A[1])
local op = A[2]

-- Flushed, another database, an empty replica: never an empty answer.
-- `changes`: which call was the last one that changed a card, the settings or the policy (link/known.ts).
-- `history`: in which one of the server the last event was told (events.lua).
local isThere, seq, order, isUntold, away, changes, history =
  unpack(call('HMGET', P .. 'root', 'id', 'seq', 'order', 'untold', 'away', 'changes', 'history'))
local lost = 'DREAMOSLOST there is no such root here'
if not isThere and not isMover then return redis.error_reply(lost) end
-- Since it is being moved, or was.
if away and not isMover then return redis.error_reply('DREAMOSMOVED ' .. away) end

if not now then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- What every script answers: [the time, the last change, its own answer].
local function answered(reply)
  if type(reply) == 'table' and reply.err then return reply end
  return { now, changes or '', reply }
end

-- A moment that lies further ahead was written while the clock was ahead (model/clock.ts).
local slackMs = 60000
local function isAhead(at, longest) return at > now + (longest or 0) + slackMs end
local function isOver(till, longest) return till <= now or isAhead(till, longest) end
-- nil: nobody knows, the clock was ahead then.
local function lastedMs(since)
  if isAhead(since) then return nil end
  return math.max(0, now - since)
end

local function int(n) return string.format('%d', n) end
local function some(text) return text ~= '' and text or nil end

-- A mailbox or a log is a number, so that another name changes nothing else: `names` has it by the name in lower case.
local function K(n, what) return P .. n .. ':' .. what end
local function boxOf(name) return call('HGET', P .. 'names', name:lower()) end
local function isLog(name) return name:byte(1) == 35 end

-- What is known of a mailbox as a whole, its hash `m`: its name; the bytes of what is unfinished; its last event, `seq`, and the
-- UTC day of that, `day`; `look`: nothing in it falls due before then; `looked`: when that was found out; `read`: its last claim.
-- It is read once in a script, and what of it changes, `new`, is written at its end (flush).
local boxes = {}
local function boxAt(n)
  local box = boxes[n]
  if box then return box end
  local key = K(n, 'm')
  local name, bytes, last, day, look, looked = unpack(call('HMGET', key, 'name', 'bytes', 'seq', 'day', 'look', 'looked'))
  box = { key = key, name = name, bytes = tonumber(bytes) or 0, seq = last or nil, day = day or nil, look = tonumber(look),
    looked = tonumber(looked), new = {} }
  boxes[n] = box
  return box
end
local function nameOf(n) return boxAt(n).name end

local function makeBox(name)
  local n = int(call('HINCRBY', P .. 'root', 'boxes', 1))
  call('HSET', P .. 'names', name:lower(), n)
  call('HSET', K(n, 'm'), 'name', name)
  return n
end
