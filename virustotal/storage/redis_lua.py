"""What Redis does in one step."""

#: KEYS: a text. ARGV: what it was (empty for none), what it becomes, milliseconds that it is kept.
SWAP = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""

#: KEYS: answers of the object, index by expiry, bytes by object, totals.
#: Not `-bytes`: that of nothing is -0, which Redis does not take.
_DROP = """
local function drop(group)
  local bytes = tonumber(redis.call('HGET', KEYS[3], group) or 0)
  redis.call('HINCRBY', KEYS[4], 'bytes', 0 - bytes)
  redis.call('HDEL', KEYS[3], group)
  redis.call('DEL', group)
  redis.call('ZREM', KEYS[2], group)
end
"""

#: KEYS: those of _DROP, when the object changed, the lease.
#: ARGV: name, body with its times, when it expires, now, bytes at most, name to drop, seconds, bytes that each answer
#: takes beside its body, when it was requested, token of the lease.
PUT = (
    _DROP
    + """
local most, beside = tonumber(ARGV[5]), tonumber(ARGV[8])
local size = string.len(ARGV[2]) + beside
if size > most or tonumber(redis.call('GET', KEYS[5]) or -1) >= tonumber(ARGV[9]) then return 0 end
local function grow(bytes)
  redis.call('HINCRBY', KEYS[4], 'bytes', bytes)
  return redis.call('HINCRBY', KEYS[3], KEYS[1], bytes)
end
for _, group in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[4], 'LIMIT', 0, 20)) do drop(group) end
for _, name in ipairs({ARGV[1], ARGV[6]}) do
  local bytes = redis.call('HSTRLEN', KEYS[1], name)
  if bytes > 0 then
    redis.call('HDEL', KEYS[1], name)
    if grow(0 - bytes - beside) <= 0 then redis.call('HDEL', KEYS[3], KEYS[1]) end
  end
end
while tonumber(redis.call('HGET', KEYS[4], 'bytes') or 0) + size > most do
  local oldest = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  if not oldest then break end
  drop(oldest)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
grow(size)
local known = tonumber(redis.call('ZSCORE', KEYS[2], KEYS[1]) or 0)
redis.call('ZADD', KEYS[2], math.max(known, tonumber(ARGV[3])), KEYS[1])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[7]) then redis.call('EXPIRE', KEYS[1], ARGV[7]) end
if redis.call('GET', KEYS[6]) == ARGV[10] then redis.call('DEL', KEYS[6]) end
return 1
"""
)

#: KEYS: those of _DROP.
FORGET = _DROP + "drop(KEYS[1])"
