-- Hands out tokens of a bucket that time fills.
-- KEYS: the bucket. ARGV: tokens wanted, tokens given back, rate, capacity, "full" or "empty", ttl in ms.
-- Returns the tokens granted and those left.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wanted, back, rate, capacity = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]), tonumber(bucket[2])
if not tokens then
    tokens, at = (ARGV[5] == 'full') and capacity or 0, now
end
tokens = math.min(capacity, tokens + math.max(0, now - at) * rate / 1000 + back)
local granted = math.min(wanted, math.floor(tokens))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens), 'at', string.format('%d', now),
    'rate', ARGV[3], 'capacity', ARGV[4], 'start', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return {granted, math.floor(tokens)}
