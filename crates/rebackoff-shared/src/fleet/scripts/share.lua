-- Counts calls, and hands out retries of a share of the calls in the window, and a floor.
-- KEYS: the slices. ARGV: retries wanted, retries given back, calls, ratio, floor in the window, window in ms,
-- "full" or "empty".
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wanted, back, calls = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ratio, floor, window = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local slice = math.floor(now * 10 / window)
local counts, retries, slices = redis.call('HGETALL', KEYS[1]), 0, {}
if #counts == 0 and ARGV[7] == 'empty' then
    retries = math.floor(floor)
    redis.call('HSET', KEYS[1], string.format('r%d', slice), retries)
end
local called = calls
for i = 1, #counts, 2 do
    local kind, number, count = counts[i]:sub(1, 1), tonumber(counts[i]:sub(2)), tonumber(counts[i + 1])
    if number <= slice - 10 then
        redis.call('HDEL', KEYS[1], counts[i])
    elseif kind == 'c' then
        called = called + count
    else
        retries = retries + count
        slices[#slices + 1] = {number, counts[i], count}
    end
end
-- The oldest slices get the retries back, so that none comes back twice when its own slice ends.
table.sort(slices, function(a, b) return a[1] < b[1] end)
for _, s in ipairs(slices) do
    local taken = math.min(back, s[3])
    if taken > 0 then
        redis.call('HINCRBY', KEYS[1], s[2], -taken)
        back, retries = back - taken, retries - taken
    end
end
local granted = math.max(0, math.min(wanted, math.floor(ratio * called + floor - retries + 1e-9)))
redis.call('HINCRBY', KEYS[1], string.format('c%d', slice), calls)
redis.call('HINCRBY', KEYS[1], string.format('r%d', slice), granted)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return granted
