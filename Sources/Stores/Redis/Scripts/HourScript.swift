import RedisClient

/// What the tenant's hour holds.
enum HourScript {
    static func make(clock: RedisStateStore.ServerClock) -> RedisScript {
        RedisScript(
            clock.reading + """

                local latest = tonumber(redis.call('GET', KEYS[1]) or '0')
                if now < latest then now = latest end
                return redis.call('ZRANGEBYSCORE', KEYS[2], string.format('(%.0f', now - tonumber(ARGV[1])), '+inf')
                """
        )
    }
}
