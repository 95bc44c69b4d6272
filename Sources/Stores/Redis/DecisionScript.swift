import RedisClient

/// The script that decides alerts: it looks at what was sent, judges, remembers, and writes the receipt, in one step that
/// nothing can come between.
///
/// The rules and their order are those of `FatigueGate`. What is remembered, all of it under one hash tag so that it lies
/// on one shard, all of it gone by itself when nothing asks for it any more:
///
/// - `domain:<tenant>:<domain>` and `identity:<fingerprint>`: hashes with the newest alert of each severity (`0` to `3`),
///   as `instant serial fingerprint alert`; the domain's also with the last serial, `n`.
/// - `hour:<tenant>`: a sorted set of what counts against the tenant's limit, scored by instant.
/// - `alert:<id>`: the decision about an alert that was sent, for ten minutes: who asks again because the answer was lost
///   gets it again.
/// - `receipts`: a bounded stream.
/// - `notices`: a stream of what goes out; who plans the deliveries takes it away.
///
/// Instants are microseconds of Redis' clock, which never go back: `clock` holds the latest one.
enum DecisionScript {
    /// What stands before the alerts among the keys and arguments.
    static let sharedKeys = 3
    static let sharedArguments = 6
    static let keysPerAlert = 4
    static let argumentsPerAlert = 11

    /// How an alert is to be judged; the argument `mode`.
    enum Mode: Int {
        case off = 0
        case offForTenant = 1
        case checked = 2
        /// It went out already, while the store was away: it is only remembered.
        case sentBefore = 3
    }

    /// How a reply begins for each alert.
    enum Outcome: Int {
        case sent = 0
        case duplicate = 1
        case cooldown = 2
        case tenantLimit = 3
        case unchecked = 4
        case noRoute = 5
    }

    static func make(clock: RedisStateStore.ServerClock) -> RedisScript {
        RedisScript(clock.reading + "\n" + Self.body)
    }

    private static let body = """
        local latest = tonumber(redis.call('GET', KEYS[1]) or '0')
        if now < latest then now = latest else redis.call('SET', KEYS[1], string.format('%.0f', now)) end
        local hour, empty_retry = tonumber(ARGV[1]), tonumber(ARGV[2])
        local retention, kept, unchecked = ARGV[3], ARGV[4], tonumber(ARGV[5])
        local origin = ARGV[6]

        -- The newest alert of at least that severity: instant, serial, fingerprint, alert.
        local function newest(key, rank)
            local best, best_rank
            local marks = redis.call('HMGET', key, '0', '1', '2', '3')
            for at = rank, 3 do
                local mark = marks[at + 1]
                if mark then
                    local instant, serial, fingerprint, alert = mark:match('^(%d+) (%d+) (%x+) (.*)$')
                    serial = tonumber(serial)
                    if not best or serial > best[2] then
                        best, best_rank = {tonumber(instant), serial, fingerprint, alert}, at
                    end
                end
            end
            return best, best_rank
        end

        local function decide(index)
            local key = \(sharedKeys) + index * \(keysPerAlert)
            local hour_key, domain_key, identity_key, alert_key = KEYS[key + 1], KEYS[key + 2], KEYS[key + 3], KEYS[key + 4]
            local base = \(sharedArguments) + index * \(argumentsPerAlert)
            local before = redis.call('GET', alert_key)
            if before then return {before, '', ''} end
            local alert, fingerprint, rank = ARGV[base + 1], ARGV[base + 2], tonumber(ARGV[base + 3])
            local mode, dedup, cooldown = tonumber(ARGV[base + 4]), tonumber(ARGV[base + 5]), tonumber(ARGV[base + 6])
            local limit, domain, subject = tonumber(ARGV[base + 7]), ARGV[base + 8], ARGV[base + 9]
            local tenant, notice = ARGV[base + 10], ARGV[base + 11]
            redis.call('ZREMRANGEBYSCORE', hour_key, '-inf', string.format('%.0f', now - hour))
            local count = redis.call('ZCARD', hour_key)
            local outcome, window, next_at, remaining, held, held_rank = 0, -1, -1, -1, nil, -1
            if mode == 2 then
                local mark, mark_rank = newest(identity_key, rank)
                if mark and now - mark[1] < dedup then
                    outcome, window = 1, dedup
                else
                    mark, mark_rank = newest(domain_key, rank)
                    if mark and now - mark[1] < cooldown then outcome, window = 2, cooldown end
                end
                if outcome > 0 then
                    held, held_rank, next_at = mark, mark_rank, mark[1] + window
                elseif count >= limit then
                    outcome, window, remaining = 3, hour, 0
                    if limit > 0 then
                        local first = redis.call('ZRANGE', hour_key, count - limit, count - limit, 'WITHSCORES')
                        next_at = tonumber(first[2]) + hour
                    else
                        next_at = now + empty_retry
                    end
                else
                    remaining = limit - count
                end
            else
                outcome = 4
            end
            if (outcome == 0 or outcome == 4) and mode ~= 3 and notice == '' then outcome = 5 end
            if outcome == 0 or (outcome == 4 and (mode == 3 or count < unchecked)) then
                local serial = redis.call('HINCRBY', domain_key, 'n', 1)
                local mark = string.format('%.0f %d %s %s', now, serial, fingerprint, alert)
                redis.call('HSET', domain_key, rank, mark)
                redis.call('HSET', identity_key, rank, mark)
                redis.call('ZADD', hour_key, string.format('%.0f', now), serial .. ':' .. domain)
                redis.call('PEXPIRE', domain_key, retention)
                redis.call('PEXPIRE', identity_key, retention)
                redis.call('PEXPIRE', hour_key, retention)
            end
            held = held or {-1, 0, '', ''}
            local numbers = string.format('%d %.0f %d %.0f %.0f %d %d %.0f %d %d', outcome, now, count, window, next_at,
                remaining, held_rank, held[1], limit, mode)
            if outcome == 0 or outcome == 4 then redis.call('SET', alert_key, numbers, 'EX', 600) end
            redis.call('XADD', KEYS[2], 'MAXLEN', '~', kept, '*', 'alert', alert, 'tenant', tenant, 'domain', domain,
                'fingerprint', fingerprint, 'numbers', numbers, 'held_by', held[4], 'held_fingerprint', held[3],
                'origin', origin, 'subject', subject)
            if (outcome == 0 or outcome == 4) and mode ~= 3 then
                redis.call('XADD', KEYS[3], '*', 'notice', notice, 'alert', alert, 'tenant', tenant, 'domain', domain,
                    'fingerprint', fingerprint, 'numbers', numbers, 'held_by', '', 'held_fingerprint', '',
                    'origin', origin, 'subject', subject)
            end
            return {numbers, held[4], held[3]}
        end

        local replies = {}
        for index = 0, (#KEYS - \(sharedKeys)) / \(keysPerAlert) - 1 do replies[index + 1] = decide(index) end
        return replies
        """
}
