-- Counts calls, and hands out retries of a share of the calls in the window, and a floor.
-- KEYS: the slices. ARGV: retries wanted, retries given back, calls, ratio, floor a second, window in ms,
-- "full" or "empty". Returns the retries granted and those left.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wanted, back, calls = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ratio, window = tonumber(ARGV[4]), tonumber(ARGV[6])
local floor = tonumber(ARGV[5]) * window / 1000
local slice = math.floor(now * 10 / window)
local counts, retries, slices = redis.call('HGETALL', KEYS[1]), 0, {}
if #counts == 0 and ARGV[7] == 'empty' then
    retries = math.floor(floor)
    redis.call('HSET', KEYS[1], string.format('r%d', slice), retries)
end
local called = calls
for i = 1, #counts, 2 do
    local kind, number, count = counts[i]:sub(1, 1), tonumber(counts[i]:sub(2)), tonumber(counts[i + 1])
    -- The clock may have been set back. The parameters have no number.
    if number and (number <= slice - 10 or number > slice) then
        redis.call('HDEL', KEYS[1], counts[i])
    elseif number and kind == 'c' then
        called = called + count
    elseif number then
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
local left = math.max(0, math.floor(ratio * called + floor - retries + 1e-9))
local granted = math.min(wanted, left)
redis.call('HSET', KEYS[1], 'ratio', ARGV[4], 'floor', ARGV[5], 'window', ARGV[6], 'start', ARGV[7])
redis.call('HINCRBY', KEYS[1], string.format('c%d', slice), calls)
redis.call('HINCRBY', KEYS[1], string.format('r%d', slice), granted)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return {granted, left - granted}
