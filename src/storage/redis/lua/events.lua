-- Events: a stream for each mailbox, with ids from one counter of the root, so that a cursor is one number. `last` says which
-- mailboxes have news; `days` of a mailbox where the events of a UTC day begin and, of days that are over, end.

local isTold = false
-- The time of the event that was told last, as text, and its UTC day. The server writes a number that it is given as one for a
-- fraction, which takes it longer than to be given its text.
local toldAt, toldText, today

-- A server that was made the master of others, or was started anew, has another history from then on: what had been told last may
-- be missing in it, while somebody has followed it to its end.
-- Found as plain text: a pattern is tried at each of its 500 bytes.
local function historyNow()
  local said = call('INFO', 'replication')
  local _, at = said:find('master_replid:', 1, true)
  return at and said:match('^%x+', at + 1) or ''
end

-- So that no number is given twice, those of another history begin beyond all that may have been given: at ten for each millisecond
-- since 1970 (Lua writes 14 digits, so not at more), and a million behind what is here, for a clock that is behind.
local isHistorySeen = false
local function seeHistory()
  isHistorySeen = true
  local current = historyNow()
  if history == current then return end
  seq = math.max(now * 10, (tonumber(seq) or 0) + 1000000)
  history = current
  call('HSET', P .. 'root', 'history', current, 'since', int(seq), 'seq', int(seq))
end

-- `more` is the rest of the event's JSON: `,"by":"ann"`. Never without its change: the same script.
local function tell(n, kind, id, more)
  if not isHistorySeen then seeHistory() end
  -- What is loaded was told at other times (move/load.lua).
  if toldAt ~= now then toldAt, toldText, today = now, int(now), int(math.floor(now / 86400000)) end
  seq = (tonumber(seq) or 0) + 1
  local at = int(seq)
  call('XADD', K(n, 'ev'), at .. '-0', 't', toldText, 'e', kind, 'i', id, 'm', more or '')
  local box = boxAt(n)
  if box.day ~= today then
    if box.day then call('HSET', K(n, 'days'), 'to' .. box.day, box.seq) end
    call('HSETNX', K(n, 'days'), 'from' .. today, at)
    box.day, box.new.day = today, today
  end
  box.seq, box.new.seq = at, at
  isTold = true
  return seq
end

-- What a script leaves to its end, so that many messages of a mailbox are one command: entries, by their mailbox and id, packed;
-- and of a mailbox what may be claimed from now on, as ZADD takes it.
local unsaved = {}
local unlined = {}

local function writeAll(command, key, words)
  -- Lua's stack ends at 8000.
  for i = 1, #words, 2000 do call(command, key, unpack(words, i, math.min(i + 1999, #words))) end
end

local function saveAll()
  for n, entries in pairs(unsaved) do
    local words = {}
    for id, raw in pairs(entries) do
      words[#words + 1] = id
      words[#words + 1] = raw
    end
    writeAll('HSET', K(n, 'e'), words)
  end
  unsaved = {}
end

local function lineUpAll()
  for n, words in pairs(unlined) do writeAll('ZADD', K(n, 'c'), words) end
  unlined = {}
end

-- Writes down what was left, and what is known of the root and of mailboxes as wholes.
local function flush()
  -- First: where the counter stood behind its events, nobody could tell one any more.
  if isTold then call('HSET', P .. 'root', 'seq', int(seq), 'order', order or 0) end
  saveAll()
  lineUpAll()
  for n, box in pairs(boxes) do
    local words = {}
    for field, value in pairs(box.new) do
      words[#words + 1] = field
      words[#words + 1] = value
    end
    if words[1] then call('HSET', box.key, unpack(words)) end
    if box.new.seq then
      call('ZADD', P .. 'last', box.seq, n)
      redis.pcall('PUBLISH', P .. 'bell', box.name)
    end
  end
end

-- At the end of every script that changes mail.
local function ring(answer)
  flush()
  return answer
end

-- Where events lie that no entry speaks for: of what is gone or was handed over, of answers to a message. `at`: `3:17 3:18 `.
local function note(id, at)
  if at ~= '' then call('HSET', P .. 'told', id, (call('HGET', P .. 'told', id) or '') .. at) end
end

local function eventAt(n, seq)
  local found = call('XRANGE', K(n, 'ev'), seq .. '-0', seq .. '-0')[1]
  if not found then return nil end
  local f = found[2]
  return { int(seq), n, f[2], f[4], f[6], f[8] }
end
