import RedisClient

/// The scripts that keep silences: a hash by id, a version that is another one after every change, and a log of changes.
///
/// A silence is kept as `starts ends created updated` in microseconds of Redis' clock and, behind them, what does not
/// change, as JSON.
enum SilenceScripts {
    /// Keys: clock, silences, version. Answers the time, the version and the whole hash.
    static func read(clock: RedisStateStore.ServerClock) -> RedisScript {
        RedisScript(
            Self.now(clock) + """

                return {string.format('%.0f', now), redis.call('GET', KEYS[3]) or '', redis.call('HGETALL', KEYS[2])}
                """
        )
    }

    /// Keys: clock, silences, version, audit. Arguments: id, start (0 for now), end, JSON, actor, reason, retention,
    /// bound, bound of the log.
    static func add(clock: RedisStateStore.ServerClock) -> RedisScript {
        RedisScript(
            Self.now(clock) + """

                local function whole(number) return string.format('%.0f', number) end
                local starts, ends, retention = math.max(tonumber(ARGV[2]), now), tonumber(ARGV[3]), tonumber(ARGV[7])
                if ends <= now then return {'past'} end
                local lasting, all = 0, redis.call('HGETALL', KEYS[2])
                for at = 1, #all, 2 do
                    local over = tonumber(all[at + 1]:match('^%d+ (%d+)'))
                    if over > now then
                        lasting = lasting + 1
                    elseif over + retention <= now then
                        redis.call('HDEL', KEYS[2], all[at])
                    end
                end
                if lasting >= tonumber(ARGV[8]) then return {'full'} end
                local value = whole(starts) .. ' ' .. whole(ends) .. ' ' .. whole(now) .. ' ' .. whole(now) .. ' ' .. ARGV[4]
                redis.call('HSET', KEYS[2], ARGV[1], value)
                redis.call('SET', KEYS[3], ARGV[1])
                redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[9], '*', 'at', whole(now), 'actor', ARGV[5],
                    'action', 'silence.created', 'subject', ARGV[1], 'detail', ARGV[6])
                return {'ok', value}
                """
        )
    }

    /// Keys: clock, silences, version, audit. Arguments: id, actor, new version, bound of the log.
    static func expire(clock: RedisStateStore.ServerClock) -> RedisScript {
        RedisScript(
            Self.now(clock) + """

                local function whole(number) return string.format('%.0f', number) end
                local value = redis.call('HGET', KEYS[2], ARGV[1])
                if not value then return {'unknown'} end
                local starts, ends, created, text = value:match('^(%d+) (%d+) (%d+) %d+ (.*)$')
                if tonumber(ends) <= now then return {'ok', value} end
                value = starts .. ' ' .. whole(now) .. ' ' .. created .. ' ' .. whole(now) .. ' ' .. text
                redis.call('HSET', KEYS[2], ARGV[1], value)
                redis.call('SET', KEYS[3], ARGV[3])
                redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', 'at', whole(now), 'actor', ARGV[2],
                    'action', 'silence.expired', 'subject', ARGV[1], 'detail', '')
                return {'ok', value}
                """
        )
    }

    private static func now(_ clock: RedisStateStore.ServerClock) -> String {
        clock.reading + "\n" + """
            local latest = tonumber(redis.call('GET', KEYS[1]) or '0')
            if now < latest then now = latest else redis.call('SET', KEYS[1], string.format('%.0f', now)) end
            """
    }
}
