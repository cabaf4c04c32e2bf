-- Keeps the state of a breaker: votes, epoch, end of the open time, and the lease of the one probe.
-- KEYS: state, votes, callers. ARGV: member, window in ms, "1" if it called the target, action, epoch known,
-- open time left known in ms (-1: closed), re-openings known, span in ms, re-openings; for operators: the rule as text,
-- its open time in ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local member, window, action = ARGV[1], tonumber(ARGV[2]), ARGV[4]
local known, span = tonumber(ARGV[5]), tonumber(ARGV[8])
local kept = redis.call('HMGET', KEYS[1], 'epoch', 'open', 'ends', 'reopened', 'holder', 'lease', 'span', 'voters')
local epoch, open, ends = tonumber(kept[1] or 0), kept[2] == '1', tonumber(kept[3] or 0)
local reopened, holder, lease = tonumber(kept[4] or 0), kept[5] or '', tonumber(kept[6] or 0)
local open_span, voters = tonumber(kept[7] or 0), kept[8] or ''
-- The clock may have been set back.
ends = math.min(ends, now + open_span)

local function set(is_open, left, times)
    open, open_span, ends, reopened, holder, lease = is_open, left, now + left, times, '', 0
end
local function change(is_open, left, times)
    epoch = epoch + 1
    set(is_open, left, times)
    redis.call('DEL', KEYS[2])
end
local function publish()
    local left = math.max(0, ends - now)
    redis.call('PUBLISH', KEYS[1], string.format('%d %d %d %d', epoch, open and 1 or 0, left, reopened))
end

-- The data was lost: the member knows better.
if known > epoch then
    epoch, voters = known, ''
    set(tonumber(ARGV[6]) >= 0, math.max(0, tonumber(ARGV[6])), tonumber(ARGV[7]))
end
for key = 2, 3 do
    redis.call('ZREMRANGEBYSCORE', KEYS[key], '-inf', now)
    redis.call('ZREMRANGEBYSCORE', KEYS[key], string.format('(%d', now + window), '+inf')
end
if ARGV[3] == '1' or action == 'vote' then
    redis.call('ZADD', KEYS[3], now + window, member)
end
local is_mine = open and holder == member and known == epoch
if action == 'vote' and not open then
    redis.call('ZADD', KEYS[2], now + window, member)
    local votes = redis.call('ZCARD', KEYS[2])
    if votes >= 2 and 2 * votes >= redis.call('ZCARD', KEYS[3]) then
        voters = table.concat(redis.call('ZRANGE', KEYS[2], 0, 9), ' ')
        change(true, span, 0)
        publish()
    end
elseif action == 'ask' and open and known == epoch and now >= ends then
    if lease <= now or lease > now + span or holder == member then
        holder, lease = member, now + span
    end
elseif action == 'release' and is_mine then
    holder, lease = '', 0
    publish()
elseif action == 'open' then
    voters = member
    change(true, span, 0)
    publish()
elseif action == 'reset' or action == 'close' and is_mine then
    voters = ''
    change(false, 0, 0)
    publish()
elseif action == 'reopen' and is_mine then
    change(true, span, tonumber(ARGV[9]))
    publish()
end
if action ~= 'vote' then
    redis.call('ZREM', KEYS[2], member)
end
local ttl = math.max(0, ends - now) + 2 * window + 3600000
redis.call('HSET', KEYS[1], 'epoch', epoch, 'open', open and 1 or 0, 'ends', string.format('%d', ends),
    'reopened', reopened, 'holder', holder, 'lease', string.format('%d', lease), 'span', open_span,
    'voters', voters, 'rule', ARGV[10], 'open_for', ARGV[11], 'window', window)
redis.call('PEXPIRE', KEYS[1], string.format('%d', ttl))
redis.call('PEXPIRE', KEYS[2], window)
redis.call('PEXPIRE', KEYS[3], window)
local mine = (open and holder == member) and 1 or 0
return {epoch, open and 1 or 0, math.max(0, ends - now), reopened, mine, math.max(0, lease - now)}
