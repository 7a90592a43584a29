"""What Redis does in one step. The arithmetic is that of `windows`; one test suite runs over both."""

#: As `windows._held_until` and `windows.wait`.
_HOLDS = """
local function held_until(now)
  local kept = redis.call('HMGET', KEYS[1], 'hold', 'since')
  local hold, since = tonumber(kept[1]) or 0, tonumber(kept[2]) or 0
  return since <= now + 60 and math.min(hold, since + 86400) or 0
end
local function wait(until_, now)
  local hold = math.max(held_until(now), until_)
  redis.call('HSET', KEYS[1], 'hold', string.format('%.6f', hold), 'since', string.format('%.6f', now))
  return hold
end
"""

#: KEYS: ledger. ARGV: now, limits of minute, hour, day, month, day, month, when these end, born.
TAKE = (
    _HOLDS
    + """
local now, day, month = tonumber(ARGV[1]), tonumber(ARGV[6]), tonumber(ARGV[7])
local all = redis.call('HGETALL', KEYS[1])
local state, old = {}, {}
local minute, hour, first_second, first_minute = 0, 0, nil, nil
for place = 1, #all, 2 do
  local name, value = all[place], tonumber(all[place + 1])
  local mark, number = string.sub(name, 1, 1), tonumber(string.sub(name, 2))
  state[name] = value
  if not value or value - value ~= 0 then  -- no number, or none that is finite
    old[#old + 1], state[name] = name, nil
  elseif mark == 's' and number then
    if number < math.floor(now) - 60 or number > now + 60 then
      old[#old + 1] = name
    elseif value > 0 then
      minute = minute + value
      if not first_second or number < first_second then first_second = number end
    end
  elseif mark == 'm' and number then
    if number < (now - 3600) / 60 - 2 or number > now / 60 + 1 then
      old[#old + 1] = name
    else
      if number * 60 > now - 3720 then hour = hour + value end
      if value > 0 and (not first_minute or number < first_minute) then first_minute = number end
    end
  elseif (mark == 'd' and number and (number < day or number > day + 1))
      or (mark == 'M' and number and (number < month or number > month + 1)) then
    old[#old + 1] = name
  elseif string.sub(name, 1, 2) == 'xd' and tonumber(string.sub(name, 3)) ~= day
      or string.sub(name, 1, 2) == 'xM' and tonumber(string.sub(name, 3)) ~= month then
    old[#old + 1] = name
  end
end
if #old > 0 then redis.call('HDEL', KEYS[1], unpack(old)) end
local born = redis.call('HGET', KEYS[1], 'born')
if not born then
  born = ARGV[1]
  redis.call('HSET', KEYS[1], 'born', ARGV[1])
end
local known = tonumber(ARGV[10])
if known ~= 0 and known ~= tonumber(born) and tonumber(ARGV[2]) > 0 and math.abs(now - born) < 60 then
  wait(born + 60, now)
end
local held = math.max(0, held_until(now) - now)
local xu = state['xu'] or now
if xu > now then hour = hour + (state['xh'] or 0) end
local hour_wait = first_minute and (first_minute + 2) * 60 + 3600 - now or xu - now
local windows = {
  {'month', ARGV[5], (state['M' .. ARGV[7]] or 0) + (state['xM' .. ARGV[7]] or 0), tonumber(ARGV[9]) - now},
  {'day', ARGV[4], (state['d' .. ARGV[6]] or 0) + (state['xd' .. ARGV[6]] or 0), tonumber(ARGV[8]) - now},
  {'hour', ARGV[3], hour, hour_wait},
  {'minute', ARGV[2], minute, first_second and first_second + 61 - now or 0},
}
for _, row in ipairs(windows) do
  local allowed, frees = tonumber(row[2]), math.max(0.05, row[4])
  if allowed > 0 and row[3] >= allowed and frees > held then
    return {0, 0, row[1], string.format('%.6f', frees), born}
  end
end
if held > 0 then return {0, 0, 'held', string.format('%.6f', held), born} end
local slot = math.floor(now) + 10
for _, name in ipairs({'s' .. string.format('%d', slot), 'm' .. string.format('%d', math.floor(now / 60)),
                       'd' .. ARGV[6], 'M' .. ARGV[7]}) do
  redis.call('HINCRBY', KEYS[1], name, 1)
end
return {1, slot, '', '0', born}
"""
)

#: KEYS: ledger. ARGV: now, slot, whether it worked, later day and month where it counts there as well.
SETTLE = """
local now, slot = tonumber(ARGV[1]), tonumber(ARGV[2])
if tonumber(redis.call('HGET', KEYS[1], 's' .. ARGV[2]) or 0) > 0 then
  redis.call('HINCRBY', KEYS[1], 's' .. ARGV[2], -1)
end
redis.call('HINCRBY', KEYS[1], 's' .. string.format('%d', math.floor(now)), 1)
for place = 4, #ARGV do redis.call('HINCRBY', KEYS[1], ARGV[place], 1) end
if ARGV[3] == '1' and slot - 9 > (tonumber(redis.call('HGET', KEYS[1], 'after')) or 0) then
  redis.call('HDEL', KEYS[1], 'held')
end
return 1
"""

#: KEYS: ledger. ARGV: now, seconds or nothing.
HOLD = (
    _HOLDS
    + """
local now, seconds = tonumber(ARGV[1]), tonumber(ARGV[2])
local until_, before = held_until(now), tonumber(redis.call('HGET', KEYS[1], 'held')) or 0
local held = before
if until_ <= now then
  held = before + 1
  redis.call('HSET', KEYS[1], 'held', held, 'after', string.format('%.6f', before > 0 and until_ or now + 1))
end
if not seconds then
  seconds = (before == 0 or until_ > now) and 60 or 600
elseif held > 3 then
  seconds = math.max(seconds, 600)
end
return string.format('%.6f', wait(now + math.min(seconds, 86400), now) - now)
"""
)

#: KEYS: receipt. ARGV: the receipt, now, seconds that a sent one and one on its way count, seconds that it is kept.
CLAIM = """
local there = redis.call('GET', KEYS[1])
if there then
  local understood, receipt = pcall(cjson.decode, there)
  local fresh = 0
  if understood and type(receipt) == 'table' and type(receipt.moment) == 'number' then
    if receipt.progress == 'sent' then fresh = tonumber(ARGV[3])
    elseif receipt.progress == 'sending' then fresh = tonumber(ARGV[4]) end
    if tonumber(ARGV[2]) - receipt.moment < fresh then return 0 end
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[5])
return 1
"""

#: KEYS: answers of the object, index by expiry, bytes by object, totals.
#: ARGV: the object's answers, name, body with its times, when it expires, now, bytes at most, name to drop, seconds,
#: bytes that each answer takes beside its body.
PUT = """
local most, beside = tonumber(ARGV[6]), tonumber(ARGV[9])
local size = string.len(ARGV[3]) + beside
if size > most then return 0 end
local function shrink(group, bytes)
  redis.call('HINCRBY', KEYS[4], 'bytes', 0 - bytes)
  if redis.call('HINCRBY', KEYS[3], group, 0 - bytes) <= 0 then redis.call('HDEL', KEYS[3], group) end
end
local function drop(group)
  local bytes = tonumber(redis.call('HGET', KEYS[3], group) or 0)
  redis.call('HINCRBY', KEYS[4], 'bytes', 0 - bytes)
  redis.call('HDEL', KEYS[3], group)
  redis.call('DEL', group)
  redis.call('ZREM', KEYS[2], group)
end
for _, group in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[5], 'LIMIT', 0, 20)) do drop(group) end
for _, name in ipairs({ARGV[2], ARGV[7]}) do
  local bytes = redis.call('HSTRLEN', KEYS[1], name)
  if bytes > 0 then
    shrink(ARGV[1], bytes + beside)
    redis.call('HDEL', KEYS[1], name)
  end
end
local total = tonumber(redis.call('HGET', KEYS[4], 'bytes') or 0)
while total + size > most do
  local oldest = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  if not oldest then break end
  drop(oldest)
  total = tonumber(redis.call('HGET', KEYS[4], 'bytes') or 0)
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('HINCRBY', KEYS[3], ARGV[1], size)
redis.call('HINCRBY', KEYS[4], 'bytes', size)
local known = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0)
redis.call('ZADD', KEYS[2], math.max(known, tonumber(ARGV[4])), ARGV[1])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[8]) then redis.call('EXPIRE', KEYS[1], ARGV[8]) end
return 1
"""

#: KEYS: as for PUT. ARGV: the object's answers. Not `-bytes`: that of nothing is -0, which Redis does not take.
FORGET = """
local bytes = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or 0)
redis.call('HINCRBY', KEYS[4], 'bytes', 0 - bytes)
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
"""

#: KEYS: lease. ARGV: token, milliseconds.
LEASE = """
local there = redis.call('GET', KEYS[1])
if not there or there == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
end
return there == 'failed' and 2 or 0
"""

#: KEYS: lease. ARGV: token, milliseconds.
EXTEND = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"

#: KEYS: lease. ARGV: token, milliseconds that a failure is told, or 0.
RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[1], 'failed', 'PX', ARGV[2]) else redis.call('DEL', KEYS[1]) end
return 1
"""
