import RedisClient

/// The scripts of `RedisMachineStore`. Each is one step: no other command comes between its parts, and what it has written
/// survives a restart as a whole or not at all.
enum MachineScripts {
    /// What stands for a time that is as it was, and for none.
    static let sameDue = ""
    static let neverDue = "-"

    /// KEYS: states, due, tellings, times of tellings.
    /// ARGV: how many changes there are, the key of each, then of each the version it was made from ('' for none), its own
    /// version with the bytes behind it (alone to keep nothing), when it is due ('' for as before, '-' for never) and how
    /// many arguments follow that most changes do not have: what is to be told ('' for nothing), then channel and text of
    /// each event that is to be published.
    ///
    /// A version has 16 characters. What was written already, and is written again because the answer was lost, counts as
    /// written. The answer names those that were refused, each by its place, counted from 1, with what is stored ('' for
    /// nothing). A command costs more than what it does, so each has as many values as fit on Lua's stack. What can fail
    /// for want of memory comes before what cannot be taken back.
    static let commit = RedisScript(
        """
        local states, due, tellings, times = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
        local count = tonumber(ARGV[1])
        local place, most = count + 2, 1000
        local kept, removed, timed, untimed, told, published, refused = {}, {}, {}, {}, {}, {}, {}
        for first = 1, count, most do
            local last = math.min(first + most - 1, count)
            local stored = redis.call('HMGET', states, unpack(ARGV, first + 1, last + 1))
            for index = first, last do
                local known, bytes, at = ARGV[place], ARGV[place + 1], ARGV[place + 2]
                local more = tonumber(ARGV[place + 3])
                local before, own = stored[index - first + 1], bytes:sub(1, 16)
                local version = before and before:sub(1, 16) or ''
                if version == known then
                    local key = ARGV[index + 1]
                    if #bytes > 16 then
                        kept[#kept + 1] = key
                        kept[#kept + 1] = bytes
                    else
                        removed[#removed + 1] = key
                    end
                    if at == '\(Self.neverDue)' then
                        untimed[#untimed + 1] = key
                    elseif at ~= '\(Self.sameDue)' then
                        timed[#timed + 1] = at
                        timed[#timed + 1] = key
                    end
                    if more > 0 and ARGV[place + 4] ~= '' then
                        told[#told + 1] = own
                        told[#told + 1] = ARGV[place + 4]
                    end
                    for argument = place + 5, place + 3 + more do
                        published[#published + 1] = ARGV[argument]
                    end
                elseif version ~= own then
                    refused[#refused + 1] = index
                    refused[#refused + 1] = before or ''
                end
                place = place + 4 + more
            end
        end
        local function write(command, key, values)
            for first = 1, #values, most do
                redis.call(command, key, unpack(values, first, math.min(first + most - 1, #values)))
            end
        end
        write('HSET', states, kept)
        write('HDEL', states, removed)
        write('ZADD', due, timed)
        write('ZREM', due, untimed)
        write('HSET', tellings, told)
        if #told > 0 then
            local time = redis.call('TIME')
            local now = string.format('%.0f', time[1] * 1000000 + time[2])
            for index = 1, #told, 2 do
                redis.call('ZADD', times, now, told[index])
            end
        end
        for index = 1, #published, 2 do
            redis.call('PUBLISH', published[index], published[index + 1])
        end
        return refused
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
