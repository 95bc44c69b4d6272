import RedisClient

/// The steps between a delivery in an outbox and its end.
enum SendingScripts {
    private static let time = "local time = redis.call('TIME') local now = time[1] * 1000000 + time[2]"

    /// Claims deliveries: those that are due again, those that somebody claimed and did not renew, and new ones.
    static let claim = RedisScript(
        time + """

            local base, consumer, lease = KEYS[1], ARGV[1], tonumber(ARGV[2])
            local stamp = string.format('%.0f', now)
            local claims, next_due = {}, nil

            local function begin(receiver, stream, entry)
                local id = entry[2] and entry[2][2]
                local key = base .. 'delivery:' .. (id or '')
                local facts = redis.call('HMGET', key, 'status', 'forced', 'reason', 'created', 'notification',
                    'failures')
                local status = facts[1]
                if not status or status == 'delivered' or status == 'dead' then
                    redis.call('XACK', stream, 'senders', entry[1])
                    redis.call('XDEL', stream, entry[1])
                    return
                end
                local attempt = redis.call('HINCRBY', key, 'attempts', 1)
                redis.call('HSET', key, 'status', 'sending', 'entry', entry[1], 'updated', stamp, 'instance', consumer)
                redis.call('HDEL', key, 'next')
                claims[#claims + 1] = {receiver, entry[1], id, attempt, status == 'sending' and 1 or 0,
                    facts[2] and 1 or 0, facts[3] or '', facts[4] or '0', facts[5] or '',
                    facts[6] or '0'}
            end

            local function claim(receiver, limit, youngest, takes_own)
                local stream, retries = base .. 'outbox:' .. receiver, base .. 'retries:' .. receiver
                if redis.call('EXISTS', stream) == 0 then return end
                local before = #claims
                local function room() return limit - (#claims - before) end
                local due = redis.call('ZRANGEBYSCORE', retries, '-inf', stamp, 'LIMIT', 0, limit)
                for _, id in ipairs(due) do
                    redis.call('ZREM', retries, id)
                    redis.call('XADD', stream, '*', 'id', id)
                end
                if youngest > 0 then
                    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
                    if not first or tonumber(first[1]:match('^%d+')) > now / 1000 - youngest then return end
                end
                if takes_own then
                    for _, held in ipairs(redis.call('XPENDING', stream, 'senders', '-', '+', limit, consumer)) do
                        for _, entry in ipairs(redis.call('XCLAIM', stream, 'senders', consumer, 0, held[1])) do
                            begin(receiver, stream, entry)
                        end
                    end
                end
                if room() > 0 then
                    local stale = redis.call('XAUTOCLAIM', stream, 'senders', consumer, lease, '0-0', 'COUNT', room())
                    for _, entry in ipairs(stale[2]) do begin(receiver, stream, entry) end
                end
                if room() > 0 then
                    local fresh = redis.call('XREADGROUP', 'GROUP', 'senders', consumer, 'COUNT', room(), 'STREAMS',
                        stream, '>')
                    if fresh then
                        for _, entry in ipairs(fresh[1][2]) do begin(receiver, stream, entry) end
                    end
                end
                local later = redis.call('ZRANGE', retries, 0, 0, 'WITHSCORES')
                if later[2] then next_due = math.min(next_due or math.huge, tonumber(later[2])) end
            end

            for index = 3, #ARGV, 4 do
                claim(ARGV[index], tonumber(ARGV[index + 1]), tonumber(ARGV[index + 2]), ARGV[index + 3] == '1')
            end
            local wait = next_due and string.format('%.0f', math.max(0, next_due - now)) or ''
            return {wait, redis.call('HGETALL', base .. 'receivers:disabled'), claims}
            """
    )

    /// Keeps claims that are still this consumer's.
    static let renew = RedisScript(
        """
        local base, consumer = KEYS[1], ARGV[1]
        for index = 2, #ARGV, 4 do
            local receiver, entry, id, attempt = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
            local facts = redis.call('HMGET', base .. 'delivery:' .. id, 'entry', 'attempts', 'instance')
            if facts[1] == entry and facts[2] == attempt and facts[3] == consumer then
                redis.call('XCLAIM', base .. 'outbox:' .. receiver, 'senders', consumer, 0, entry, 'JUSTID')
            end
        end
        return 1
        """
    )

    /// What became of an attempt: the delivery goes on or is over, and its record says so.
    static let finish = RedisScript(
        time + """

            local base = KEYS[1]
            local receiver, entry, id, attempt, outcome = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
            local pause, reason, instance, disables = tonumber(ARGV[6]), ARGV[7], ARGV[8], ARGV[9]
            local kept_ms, most_dead, most_ended = ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])
            local key, stream, retries = base .. 'delivery:' .. id, base .. 'outbox:' .. receiver,
                base .. 'retries:' .. receiver
            local function drop(place)
                redis.call('XACK', stream, 'senders', place)
                redis.call('XDEL', stream, place)
            end
            local facts = redis.call('HMGET', key, 'status', 'entry', 'attempts', 'ended', 'forced')
            local status = facts[1]
            if not status or status == 'delivered' then
                drop(entry)
                return 0
            end
            local is_mine = status == 'sending' and facts[2] == entry and facts[3] == attempt
            if not is_mine and outcome ~= 'delivered' then return 0 end
            local stamp = string.format('%.0f', now)
            drop(entry)
            if facts[2] and facts[2] ~= entry then drop(facts[2]) end
            redis.call('ZREM', retries, id)
            redis.call('ZREM', base .. 'dead', id)
            redis.call('HSET', key, 'status', outcome, 'updated', stamp, 'instance', instance)
            redis.call('HDEL', key, 'entry')
            if reason ~= '' then redis.call('HSET', key, 'reason', reason) end
            if outcome == 'delivered' then
                redis.call('HDEL', key, 'forced')
                redis.call('PEXPIRE', key, kept_ms)
                if facts[5] then redis.call('HDEL', base .. 'receivers:disabled', receiver) end
            elseif outcome == 'retrying' then
                local due = string.format('%.0f', now + pause)
                redis.call('HSET', key, 'next', due)
                redis.call('HINCRBY', key, 'failures', 1)
                redis.call('ZADD', retries, due, id)
            else
                redis.call('HDEL', key, 'forced')
                redis.call('ZADD', base .. 'dead', stamp, id)
                for _, old in ipairs(redis.call('ZRANGE', base .. 'dead', 0, -1 - most_dead)) do
                    redis.call('ZREM', base .. 'dead', old)
                    redis.call('ZREM', base .. 'deliveries', old)
                    redis.call('DEL', base .. 'delivery:' .. old)
                end
                if disables ~= '' then
                    redis.call('HSET', base .. 'receivers:disabled', receiver, disables .. ' ' .. reason)
                end
            end
            local ended = (facts[4] or '') .. attempt .. '\\t' .. stamp .. '\\t' .. outcome .. '\\t'
                .. instance:gsub('%c', ' ') .. '\\t' .. reason:gsub('%c', ' ') .. '\\n'
            local _, count = ended:gsub('\\n', '')
            if count > most_ended then ended = ended:match('\\n(.*)') end
            redis.call('HSET', key, 'ended', ended)
            return 1
            """
    )

    /// Forgets that receivers are disabled whose definition is another one than the one that was.
    static let enable = RedisScript(
        """
        local key = KEYS[1] .. 'receivers:disabled'
        for index = 1, #ARGV, 2 do
            local kept = redis.call('HGET', key, ARGV[index])
            if kept and kept:match('^%S*') ~= ARGV[index + 1] then redis.call('HDEL', key, ARGV[index]) end
        end
        return 1
        """
    )

    /// A dead letter goes back into its outbox, with all its attempts before it.
    static let retry = RedisScript(
        time + """

            local base, id, actor = KEYS[1], ARGV[1], ARGV[2]
            local key = base .. 'delivery:' .. id
            local facts = redis.call('HMGET', key, 'status', 'receiver', 'title')
            if facts[1] ~= 'dead' then return 0 end
            local stream = base .. 'outbox:' .. facts[2]
            redis.call('ZREM', base .. 'dead', id)
            redis.call('HSET', key, 'status', 'pending', 'attempts', 0, 'failures', 0, 'forced', 1,
                'updated', string.format('%.0f', now))
            redis.call('SADD', base .. 'receivers', facts[2])
            if redis.call('EXISTS', stream) == 0 then
                redis.pcall('XGROUP', 'CREATE', stream, 'senders', '0', 'MKSTREAM')
            end
            redis.call('XADD', stream, '*', 'id', id)
            redis.call('XADD', base .. 'audit', 'MAXLEN', '~', 10000, '*', 'at', string.format('%.0f', now), 'actor', actor,
                'action', 'dead_letter.retried', 'subject', id, 'detail', facts[2] .. ': ' .. (facts[3] or ''))
            return 1
            """
    )

    /// A dead letter is forgotten.
    static let drop = RedisScript(
        time + """

            local base, id, actor = KEYS[1], ARGV[1], ARGV[2]
            local key = base .. 'delivery:' .. id
            local facts = redis.call('HMGET', key, 'status', 'receiver', 'title', 'reason')
            if facts[1] ~= 'dead' then return 0 end
            redis.call('ZREM', base .. 'dead', id)
            redis.call('ZREM', base .. 'deliveries', id)
            redis.call('DEL', key)
            redis.call('XADD', base .. 'audit', 'MAXLEN', '~', 10000, '*', 'at', string.format('%.0f', now), 'actor', actor,
                'action', 'dead_letter.dropped', 'subject', id,
                'detail', facts[2] .. ': ' .. (facts[3] or '') .. ' (' .. (facts[4] or '') .. ')')
            return 1
            """
    )
}
