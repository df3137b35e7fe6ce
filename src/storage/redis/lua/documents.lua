-- A document is `<version>\n<json>`; its version is the name of the call that put it. A card lies with its mailbox's number.
local function where(name)
  local agent = name:match('^agents/(.*)$')
  if agent then return P .. 'cards', boxOf(agent), agent end
  local kind, id = name:match('^(%a+)/(.*)$')
  if kind then return P .. 'docs:' .. kind, id end
  return P .. 'docs', name
end

local function split(raw)
  local cut = raw:find('\n', 1, true)
  -- Put by hand, it has no version.
  if not cut then return redis.sha1hex(raw), raw end
  return raw:sub(1, cut - 1), raw:sub(cut + 1)
end

-- @returns their hash, and of a card its mailbox
local function revisionsOf(of)
  local agent = of:match('^agents/(.*)$')
  if not agent then return P .. 'rev:' .. of end
  local n = boxOf(agent)
  if n then return K(n, 'rev'), n end
end

local function told(name)
  if name == 'settings' or name == 'policy' or name:find('^agents/') then
    changes = op
    call('HSET', P .. 'root', 'changes', op)
  end
  redis.pcall('PUBLISH', P .. 'bell', '=' .. name)
end

--@ get no-writes
-- name version: [version, json], or [version] if it is that one still
local key, field = where(A[3])
local raw = field and call('HGET', key, field)
if not raw then return {} end
local version, json = split(raw)
if version == A[4] then return { version } end
return { version, json }

--@ good no-writes
return call('HGET', P .. 'docs', '.good') or ''

--@ put deny-oom
-- name json version isGood window
local key, field, agent = where(A[3])
local raw = field and call('HGET', key, field)
local version = raw and split(raw) or ''
if version == op then return 1 end
if version ~= A[5] then return 0 end
if agent and not field then
  field = makeBox(agent)
elseif agent and not raw then
  call('HSET', K(field, 'm'), 'name', agent)
end
call('HSET', key, field, op .. '\n' .. A[4])
if agent then call('HINCRBY', P .. 'root', 'cards', 1) end
if A[6] == '1' then
  call('HSET', P .. 'docs', '.good', A[4])
  call('HSET', P .. 'root', 'window', A[7])
end
told(A[3])
return 1

--@ withdraw allow-oom
-- name version repeat
local key, field = where(A[3])
local raw = call('HGET', key, field)
if not raw then return A[5] == '1' and 1 or 0 end
if split(raw) ~= A[4] then return 0 end
call('HDEL', key, field)
told(A[3])
return 1

--@ known no-writes
-- changes commands...: nothing, if that is still the last one; else [settings, policy, epoch, jsons, lacking, durability, replicas, line],
-- of many cards none; `lacking`: the first of these commands that the user may not call
if changes == A[3] or (not changes and A[3] == '') then return {} end
local out = { call('HGET', P .. 'docs', 'settings') or '', call('HGET', P .. 'docs', 'policy') or '', '', {}, '' }
for i = 4, #A do
  local isKnown, may = pcall(redis.acl_check_cmd, A[i], P .. 'root')
  if not isKnown or not may then
    out[5] = A[i]
    break
  end
end
if call('HLEN', P .. 'cards') <= 16 then
  out[3] = call('HGET', P .. 'root', 'cards') or '0'
  for i, raw in ipairs(call('HVALS', P .. 'cards')) do
    local _, json = split(raw)
    out[4][i] = json
  end
end
local durability, replicas, line = unpack(call('HMGET', P .. 'root', 'durability', 'replicas', 'line'))
out[6], out[7], out[8] = durability or '', replicas or '', line or ''
return out

--@ cards no-writes
-- epoch: [epoch, jsons], or [epoch] if that is the same
local epoch = call('HGET', P .. 'root', 'cards') or '0'
if epoch == A[3] then return { epoch } end
local out = {}
for _, raw in ipairs(call('HVALS', P .. 'cards')) do
  local _, json = split(raw)
  out[#out + 1] = json
end
return { epoch, out }

--@ card no-writes
local n = boxOf(A[3])
local raw = n and call('HGET', P .. 'cards', n)
if not raw then return '' end
local _, json = split(raw)
return json

--@ names no-writes
-- kind: the ids of those there are
return call('HKEYS', P .. 'docs:' .. A[3])

--@ drop allow-oom
-- name
local key, field = where(A[3])
if field then call('HDEL', key, field) end
return 1

--@ revisions no-writes
-- settings, policy or agents/<name>
local key = revisionsOf(A[3])
return key and call('HKEYS', key) or {}

--@ revision no-writes
-- of number
local key = revisionsOf(A[3])
return key and call('HGET', key, A[4]) or ''

--@ keepRevision deny-oom
-- of number json
local key, n = revisionsOf(A[3])
if not key or (n and call('HEXISTS', P .. 'cards', n) == 0) then return 0 end
if call('HSETNX', key, A[4], A[5]) == 1 then
  call('HSET', key .. ':by', A[4], op)
  return 1
end
return call('HGET', key .. ':by', A[4]) == op and 1 or 0

--@ rename allow-oom
-- from to json version: the card as it is to be, if it is of that version
local n = boxOf(A[3])
local there = boxOf(A[4])
-- A repeat no longer finds the old name, and somebody may have changed the card since.
if there and call('HGET', K(there, 'm'), 'renamed') == op then return 'renamed' end
if there and there ~= n then return 'taken' end
local raw = n and call('HGET', P .. 'cards', n)
if not raw then return 'missing' end
if split(raw) ~= A[6] then return 'changed' end
call('HDEL', P .. 'names', A[3]:lower())
call('HSET', P .. 'names', A[4]:lower(), n)
call('HSET', K(n, 'm'), 'name', A[4], 'renamed', op)
call('HSET', P .. 'cards', n, op .. '\n' .. A[5])
call('HINCRBY', P .. 'root', 'cards', 1)
told('agents/' .. A[3])
told('agents/' .. A[4])
return 'renamed'

--@ lock allow-oom
-- name milliseconds: whether it is this call's
local key = P .. 'lock:' .. A[3]
local holder = call('GET', key)
if holder and holder ~= op then return 0 end
call('SET', key, op, 'PX', A[4])
return 1

--@ holdLock allow-oom
-- name token milliseconds
local key = P .. 'lock:' .. A[3]
if call('GET', key) ~= A[4] then return 0 end
return call('PEXPIRE', key, A[5])

--@ unlock allow-oom
-- name token
local key = P .. 'lock:' .. A[3]
if call('GET', key) == A[4] then call('DEL', key) end
redis.pcall('PUBLISH', P .. 'bell', '!' .. A[3])
return 1
