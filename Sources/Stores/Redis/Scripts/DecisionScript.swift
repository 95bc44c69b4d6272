import Reactions
import RedisClient

/// The script that decides alerts: it looks at what was sent, judges, remembers, and writes the receipt, in one step that
/// nothing can come between.
///
/// The rules and their order are those of `FatigueGate`. What is remembered beside what `ScriptPrelude` names, all of it
/// gone by itself when nothing asks for it any more:
///
/// - `domain:<tenant>:<domain>` and `identity:<fingerprint>`: hashes with the newest alert of each severity (`0` to `3`),
///   as `instant serial fingerprint over alert`, where `over` is 1 when it was resolved. The domain's also with the last
///   serial, `n`, and for severities that count by kind with the newest of each type (`2:<type>`).
/// - `hour:<tenant>`: a sorted set of what counts against the tenant's limit, scored by instant.
///
/// What silences and mute intervals say was worked out by the caller, for a version of the silences and for a time; when
/// either is another one here, nothing is decided from there on, and the caller looks again.
enum DecisionScript {
    static let sharedArguments = ScriptPrelude.sharedArguments + 4
    static let keysPerAlert = 4
    static let argumentsPerAlert = 15

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
        case silenced = 6
        case inhibited = 7
        case muted = 8
        case flapping = 9
        case resolved = 10
        case digest = 11
        case flappingBegan = 12
        case flappingEnded = 13
    }

    static func make(clock: RedisStateStore.ServerClock) -> RedisScript {
        RedisScript(ScriptPrelude.text(clock: clock) + "\n" + Self.body)
    }

    private static let body = """
        local hour, empty_retry, unchecked, digests = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), ARGV[12]
        local hour_text, hour_ago = ARGV[9], whole(now - hour)
        if (redis.call('GET', version_key) or '') ~= version then
            return {'stale', now_text, redis.call('XLEN', notices)}
        end

        -- The newest alert of at least that severity: instant, serial, fingerprint, alert, over.
        local function newest(key, rank, kind)
            local best, best_rank
            local marks
            if rank >= 2 then
                marks = redis.call('HMGET', key, '2' .. kind, '3' .. kind)
            else
                marks = redis.call('HMGET', key, '0' .. kind, '1' .. kind, '2' .. kind, '3' .. kind)
            end
            for at = rank, 3 do
                local mark = marks[at + 1 + #marks - 4]
                if mark then
                    local instant, serial, fingerprint, over, alert = mark:match('^(%d+) (%d+) (%x+) ([01]) (.*)$')
                    serial = tonumber(serial)
                    if not best or serial > best[2] then
                        best, best_rank = {tonumber(instant), serial, fingerprint, alert, over == '1', instant}, at
                    end
                end
            end
            return best, best_rank
        end

        -- The first rule that inhibits, the alert that does, and until when.
        local function inhibitor(targets)
            for _, target in ipairs(targets) do
                local until_at, fingerprint, set
                for at = 2, #target do
                    local key = base .. 'inhibit:' .. target[at]
                    for _, ended in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now_text)) do
                        redis.call('ZREM', key, ended)
                        redis.call('HDEL', key .. ':ids', ended)
                    end
                    local top = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
                    if top[1] and (not until_at or tonumber(top[2]) > until_at) then
                        until_at, fingerprint, set = tonumber(top[2]), top[1], key
                    end
                end
                if until_at then return target[1], redis.call('HGET', set .. ':ids', fingerprint) or '', until_at end
            end
        end

        local function leave_marks(sources, fingerprint, alert, standing)
            for _, source in ipairs(sources) do
                local key, life = base .. 'inhibit:' .. source[1], math.floor(source[2] / 1000) + 60000
                redis.call('ZADD', key, whole(now + source[2]), fingerprint)
                redis.call('HSET', key .. ':ids', fingerprint, alert)
                if redis.call('PTTL', key) < life then
                    redis.call('PEXPIRE', key, life)
                    redis.call('PEXPIRE', key .. ':ids', life)
                end
                if standing and not standing.m:find(' ' .. source[1] .. ' ', 1, true) then
                    standing.m = standing.m .. source[1] .. ' '
                end
            end
        end

        -- Counts an alert among those that a digest will tell of.
        local function hold_back(names, receivers, tenant, domain, kind, example, due)
            local at = 0
            for name in names:gmatch('%x+') do
                local key = base .. 'held:' .. name
                at = at + 1
                redis.call('HINCRBY', key, kind, 1)
                -- The first of them is the last one too.
                if redis.call('HSET', key, 'last', example) == 1 then
                    redis.call('HSET', key, 'first', example, 'receiver', cjson.decode(receivers)[at], 'tenant', tenant,
                        'domain', domain, 'since', now_text, 'due', due)
                    redis.call('ZADD', due_key, due, 'd:' .. name)
                end
            end
        end

        -- The answer of an earlier call, for a caller that did not get it.
        local function answered(key)
            local first = redis.call('LINDEX', key, 0)
            local entry = first and redis.call('XRANGE', receipts, first, first)[1]
            if not entry then return end
            local found = {}
            for at = 1, #entry[2], 2 do found[entry[2][at]] = entry[2][at + 1] end
            return {found.numbers, found.held_by or '', found.held_fingerprint or '', found.why or ''}
        end

        local function decide(index)
            local key = \(ScriptPrelude.sharedKeys) + index * \(keysPerAlert)
            local hour_key, domain_key, identity_key = KEYS[key + 1], KEYS[key + 2], KEYS[key + 3]
            local before = answered(KEYS[key + 4])
            if before then return before end
            local base_at = \(sharedArguments) + index * \(argumentsPerAlert)
            local alert, fingerprint, rank = ARGV[base_at + 1], ARGV[base_at + 2], tonumber(ARGV[base_at + 3])
            local mode, dedup, cooldown = tonumber(ARGV[base_at + 4]), ARGV[base_at + 5], ARGV[base_at + 6]
            local limit, domain, subject = tonumber(ARGV[base_at + 7]), ARGV[base_at + 8], ARGV[base_at + 9]
            local tenant, notice, kind, run = ARGV[base_at + 10], ARGV[base_at + 11], ARGV[base_at + 12], ARGV[base_at + 13]
            local names, receivers = ARGV[base_at + 14]:match('^([%x ]*)(.*)$')
            local around = ARGV[base_at + 15] ~= '' and cjson.decode(ARGV[base_at + 15]) or {}
            if mode ~= 3 and around.v and (now < around.v[1] or now >= around.v[2]) then return nil end

            local count = redis.call('ZCOUNT', hour_key, '(' .. hour_ago, '+inf')
            local standing
            if around.l then
                standing = recall(fingerprint)
                standing.n = notice
                note(standing, true)
            end
            local outcome, window, next_at, remaining, held, held_rank, why, amount = 0, '-1', '-1', -1, nil, -1, '', 0
            if mode ~= 3 then
                local rule, inhibiting, until_at
                if around.t then rule, inhibiting, until_at = inhibitor(around.t) end
                if rule then
                    outcome, why, next_at, held = 7, rule, whole(until_at), {0, 0, '', inhibiting, false, '0'}
                elseif around.s then
                    outcome, why, next_at = 6, around.s[1], whole(around.s[2])
                elseif around.m then
                    outcome, why, next_at = 8, around.m[1], whole(around.m[2])
                end
            end
            if outcome == 0 and mode == 2 then
                local mark, mark_rank = newest(identity_key, rank, '')
                if mark and not mark[5] and now - mark[1] < tonumber(dedup) then
                    outcome, window = 1, dedup
                else
                    mark, mark_rank = newest(domain_key, rank, rank >= 2 and ':' .. kind or '')
                    if mark and now - mark[1] < tonumber(cooldown) and not (mark[5] and mark[3] == fingerprint) then
                        outcome, window = 2, cooldown
                    end
                end
                if outcome > 0 then
                    held, held_rank, next_at = mark, mark_rank, whole(mark[1] + tonumber(window))
                elseif count >= limit then
                    outcome, window, remaining = 3, hour_text, 0
                    if limit > 0 then
                        local first = redis.call('ZRANGEBYSCORE', hour_key, '(' .. hour_ago, '+inf', 'WITHSCORES', 'LIMIT',
                            count - limit, 1)
                        next_at = whole(tonumber(first[2]) + hour)
                    else
                        next_at = whole(now + empty_retry)
                    end
                else
                    remaining = limit - count
                    if standing and flap_high and standing.f > 0 then
                        amount = math.floor(standing.weight / 19)
                        if standing.f == 2 then
                            outcome = 9
                        elseif names ~= '' then
                            if standing.f == 1 then
                                outcome, standing.f = 12, 2
                            else
                                outcome, standing.f, standing.settle = 13, 0, 0
                            end
                        end
                    end
                end
            elseif outcome == 0 then
                outcome = 4
            end
            if (outcome == 0 or outcome == 4) and mode ~= 3 and names == '' then outcome = 5 end
            local is_sent = outcome == 0 or outcome == 4 or outcome >= 12
            if is_sent and (outcome ~= 4 or mode == 3 or count < unchecked) then
                local serial = redis.call('HINCRBY', domain_key, 'n', 1)
                local mark = now_text .. ' ' .. serial .. ' ' .. fingerprint .. ' 0 ' .. alert
                if rank >= 2 then
                    redis.call('HSET', domain_key, rank, mark, rank .. ':' .. kind, mark)
                else
                    redis.call('HSET', domain_key, rank, mark)
                end
                redis.call('HSET', identity_key, rank, mark)
                redis.call('ZREMRANGEBYSCORE', hour_key, '-inf', hour_ago)
                redis.call('ZADD', hour_key, now_text, serial .. ':' .. domain)
                redis.call('PEXPIRE', domain_key, retention)
                redis.call('PEXPIRE', identity_key, retention)
                redis.call('PEXPIRE', hour_key, retention)
            elseif outcome >= 1 and outcome <= 3 and digests == '1' and names ~= '' then
                local due = next_at
                -- A limit that lets nothing through has no window that closes.
                if outcome == 3 and limit <= 0 then due = whole(now + hour) end
                hold_back(names, receivers, tenant, domain, 'k:' .. outcome .. ':' .. rank .. ':' .. kind,
                    alert .. '\\n' .. subject, due)
            end
            if around.k then leave_marks(around.k, fingerprint, alert, standing) end
            if standing then
                save(fingerprint, standing)
                if is_sent then
                    local standing_key, told = base .. 'standing:' .. fingerprint, 't:' .. around.l
                    local known = redis.call('HEXISTS', standing_key, told) == 1
                    if known or tonumber(redis.call('HGET', standing_key, 'c') or '0') < \(StandingBounds.told) then
                        redis.call('HSET', standing_key, told, notice)
                        if not known then redis.call('HINCRBY', standing_key, 'c', 1) end
                    end
                end
            end
            if is_sent and mode ~= 3 and around.o then why = around.o end
            held = held or {-1, 0, '', '', false, '-1'}
            local text = numbers(outcome, count, window, next_at, remaining, held_rank, held[6], ARGV[base_at + 7],
                ARGV[base_at + 4], amount)
            record(alert, run, text, held[4], held[3], why, subject, is_sent and mode ~= 3 and notice or nil)
            return {text, held[4], held[3], why}
        end

        local replies = {'ok', now_text, 0}
        for index = 0, (#KEYS - \(ScriptPrelude.sharedKeys)) / \(keysPerAlert) - 1 do
            local reply = decide(index)
            if not reply then
                replies[1] = 'stale'
                break
            end
            replies[index + 4] = reply
        end
        trim()
        replies[3] = redis.call('XLEN', notices)
        return replies
        """
}
