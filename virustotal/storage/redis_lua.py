"""What Redis does in one step."""

#: KEYS: a text. ARGV: what it was (empty for none), what it becomes, milliseconds that it is kept.
SWAP = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""

#: KEYS: answers of the object, index by expiry, bytes by object, totals, when the object changed, the lease.
#: ARGV: the object's answers, name, body with its times, when it expires, now, bytes at most, name to drop, seconds,
#: bytes that each answer takes beside its body, when it was requested, token of the lease.
PUT = """
local most, beside = tonumber(ARGV[6]), tonumber(ARGV[9])
local size = string.len(ARGV[3]) + beside
if size > most or tonumber(redis.call('GET', KEYS[5]) or -1) >= tonumber(ARGV[10]) then return 0 end
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
if redis.call('GET', KEYS[6]) == ARGV[11] then redis.call('DEL', KEYS[6]) end
return 1
"""

#: KEYS: the first four of PUT. ARGV: the object's answers.
#: Not `-bytes`: that of nothing is -0, which Redis does not take.
FORGET = """
local bytes = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or 0)
redis.call('HINCRBY', KEYS[4], 'bytes', 0 - bytes)
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
"""
