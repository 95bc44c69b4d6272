import RedisClient

/// The scripts of `RedisMachineStore`. Each is one step: no other command comes between its parts, and what it has written
/// survives a restart as a whole or not at all.
enum MachineScripts {
    static let argumentsPerChange = 7

    /// KEYS: states, due, tellings, times of tellings.
    /// ARGV: for each change its key, the version it was made from ('' for none), its own version, the bytes ('' to keep
    /// nothing), when it is due ('' for never), what is to be told ('' for nothing) and how many events are to be
    /// published, then channel and text of each.
    ///
    /// A version stands before the bytes, 16 characters of it. What was written already, and is written again because
    /// the answer was lost, is answered as written.
    static let commit = RedisScript(
        """
        local states, due, tellings, times = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
        local place, replies, now = 1, {}, nil
        while place <= #ARGV do
            local key, known, own, bytes = ARGV[place], ARGV[place + 1], ARGV[place + 2], ARGV[place + 3]
            local at, telling, events = ARGV[place + 4], ARGV[place + 5], tonumber(ARGV[place + 6])
            place = place + \(Self.argumentsPerChange)
            local stored = redis.call('HGET', states, key)
            local version = stored and stored:sub(1, 16) or ''
            if version == own then
                replies[#replies + 1] = 1
            elseif version ~= known then
                replies[#replies + 1] = stored or ''
            else
                if bytes == '' then
                    redis.call('HDEL', states, key)
                else
                    redis.call('HSET', states, key, own .. bytes)
                end
                if at == '' then
                    redis.call('ZREM', due, key)
                else
                    redis.call('ZADD', due, at, key)
                end
                if telling ~= '' then
                    if not now then
                        local time = redis.call('TIME')
                        now = string.format('%.0f', time[1] * 1000000 + time[2])
                    end
                    redis.call('HSET', tellings, own, telling)
                    redis.call('ZADD', times, now, own)
                end
                for index = 0, events - 1 do
                    redis.call('PUBLISH', ARGV[place + 2 * index], ARGV[place + 2 * index + 1])
                end
                replies[#replies + 1] = 1
            end
            place = place + 2 * events
        end
        return replies
        """
    )

    /// KEYS: states, due. ARGV: age in microseconds, how many.
    static let overdue = RedisScript(
        """
        local time = redis.call('TIME')
        local before = string.format('%.0f', time[1] * 1000000 + time[2] - tonumber(ARGV[1]))
        local found = {}
        for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', before, 'LIMIT', 0, ARGV[2])) do
            local stored = redis.call('HGET', KEYS[1], key)
            if stored then
                found[#found + 1] = key
                found[#found + 1] = stored
            else
                redis.call('ZREM', KEYS[2], key)
            end
        end
        return found
        """
    )

    /// KEYS: tellings, times of tellings. ARGV: age in microseconds, how many.
    static let unconfirmed = RedisScript(
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local before = string.format('%.0f', now - tonumber(ARGV[1]))
        local found = {}
        for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', before, 'LIMIT', 0, ARGV[2])) do
            local telling = redis.call('HGET', KEYS[1], id)
            if telling then
                redis.call('ZADD', KEYS[2], string.format('%.0f', now), id)
                found[#found + 1] = id
                found[#found + 1] = telling
            else
                redis.call('ZREM', KEYS[2], id)
            end
        end
        return found
        """
    )

    /// KEYS: when a reactor last listened.
    static let alive = RedisScript(
        """
        local time = redis.call('TIME')
        local now = string.format('%.0f', time[1] * 1000000 + time[2])
        local before = redis.call('GET', KEYS[1])
        redis.call('SET', KEYS[1], now)
        return {now, before or ''}
        """
    )
}
