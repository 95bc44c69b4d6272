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
///   serial, `n`, with the instant `x` until which it lives at least, so that most alerts need not see to that, and for
///   severities that count by kind with the newest of each type (`2:<type>`).
/// - `hour:<tenant>`: a sorted set of what counts against the tenant's limit, scored by instant.
///
/// What silences and mute intervals say was worked out by the caller, for a version of the silences and for a time; when
/// either is another one here, nothing is decided from there on, and the caller looks again.
enum DecisionScript {
    static let sharedArguments = ScriptPrelude.sharedArguments + 6
    /// A set of routes: as JSON, and those who are told by them.
    static let argumentsPerRouteSet = 2
    static let argumentsPerAlert = 11
    /// How long what the version before has decided may be asked again, in microseconds: a day.
    private static let lookingBack = "86400000000"

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
        local hour_text, hour_ago = ARGV[9], '(' .. whole(now - hour)
        local life = tonumber(retention)
        if known[2] ~= version then return {'stale', now_text, call('XLEN', notices)} end

        -- What the settings say, and who is told, by the number that alerts name it with: few are judged by others than
        -- their neighbours.
        local rules, sets = {}, \(sharedArguments) + 1
        for rank, mode, dedup, cooldown, limit, set in ARGV[13]:gmatch('(%d+) (%d+) (%d+) (%d+) (%d+) (%d+)') do
            local at = sets + set * \(argumentsPerRouteSet)
            rules[#rules + 1] = {tonumber(rank), tonumber(mode), tonumber(dedup), tonumber(cooldown), tonumber(limit), rank,
                mode, dedup, cooldown, limit, ARGV[at], ARGV[at + 1]}
        end

        -- Numbers that come again and again, as texts.
        local texts = {}
        local function text_of(number)
            local text = texts[number]
            if not text then
                text = whole(number)
                texts[number] = text
            end
            return text
        end

        -- The newest of the alerts in some places, which are in the order of severities: its instant (also as a text), how
        -- far from the first place it stands, fingerprint, alert, over.
        local function newest(marks, first, last)
            local best, place, serial
            for at = first, last do
                local mark = marks[at]
                if mark and not best then
                    best, place = mark, at - first
                elseif mark then
                    serial = serial or tonumber(match(best, '^%d+ (%d+)'))
                    local other = tonumber(match(mark, '^%d+ (%d+)'))
                    if other > serial then best, place, serial = mark, at - first, other end
                end
            end
            if not best then return end
            -- By its spaces: a pattern takes longer.
            local first = find(best, ' ', 1, true)
            local second = find(best, ' ', first + 1, true)
            local third = find(best, ' ', second + 1, true)
            local instant = sub(best, 1, first - 1)
            return tonumber(instant), instant, place, sub(best, second + 1, third - 1), sub(best, third + 3),
                byte(best, third + 1) == 49
        end

        -- The first rule that inhibits, the alert that does, and until when.
        local function inhibitor(targets)
            for _, target in ipairs(targets) do
                local until_at, fingerprint, set
                for at = 2, #target do
                    local key = base .. 'inhibit:' .. target[at]
                    for _, ended in ipairs(call('ZRANGEBYSCORE', key, '-inf', now_text)) do
                        call('ZREM', key, ended)
                        call('HDEL', key .. ':ids', ended)
                    end
                    local top = call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
                    if top[1] and (not until_at or tonumber(top[2]) > until_at) then
                        until_at, fingerprint, set = tonumber(top[2]), top[1], key
                    end
                end
                if until_at then return target[1], call('HGET', set .. ':ids', fingerprint) or '', until_at end
            end
        end

        local function leave_marks(sources, fingerprint, alert, standing)
            for _, source in ipairs(sources) do
                local key, life = base .. 'inhibit:' .. source[1], math.floor(source[2] / 1000) + 60000
                call('ZADD', key, whole(now + source[2]), fingerprint)
                call('HSET', key .. ':ids', fingerprint, alert)
                if call('PTTL', key) < life then
                    call('PEXPIRE', key, life)
                    call('PEXPIRE', key .. ':ids', life)
                end
                if standing and not standing.m:find(' ' .. source[1] .. ' ', 1, true) then
                    standing.m = standing.m .. source[1] .. ' '
                end
            end
        end

        -- Counts an alert among those that a digest will tell of, by the names of these; `receivers` is theirs, as JSON.
        local function hold_back(names, receivers, tenant, domain, kind, alert, subject, due)
            -- What a digest says of an alert stands first in its subject, up to the domain, whose name with these quotes is
            -- in no text before it.
            local example = alert .. '\\n' .. sub(subject, 1, find(subject, '","domain":', 1, true)) .. '}'
            local at = 0
            -- Of 16 characters each, with a space between them.
            for first = 1, #names, 17 do
                local key = base .. 'held:' .. sub(names, first, first + 15)
                at = at + 1
                -- The first of them is the last one too.
                if call('HSET', key, 'last', example) == 1 then
                    call('HSET', key, kind, '1', 'first', example, 'receiver', cjson.decode(receivers)[at],
                        'tenant', tenant, 'domain', domain, 'since', now_text, 'due', due)
                    call('ZADD', due_key, due, 'd:' .. sub(names, first, first + 15))
                else
                    call('HINCRBY', key, kind, '1')
                end
            end
        end

        -- What is told of an alert that lasts; of others whoever reads it puts it together.
        local function told(subject, rest, routes)
            return '\(NoticeText.beginning)' .. sub(subject, 1, -2) .. ',' .. sub(rest, 2, -2) ..
                '\(NoticeText.middle)' .. routes .. '}'
        end

        -- Whether the version before may have decided what is asked again.
        local since = known[3]
        if not since then
            since = call('EXISTS', receipts) == 0 and '0' or now_text
            call('SET', since_key, since)
        end
        local looks_back = now - tonumber(since) < \(Self.lookingBack)

        -- The answer of an earlier call, for a caller that did not get it.
        local function answered(alert)
            local first = first_of[alert] or looks_back and call('LINDEX', base .. 'of:' .. alert, 0)
            local entry = first and call('XRANGE', receipts, first, first)[1]
            if not entry then return end
            local found = {}
            for at = 1, #entry[2], 2 do found[entry[2][at]] = entry[2][at + 1] end
            return {found.numbers, found.held_by or '', found.held_fingerprint or '', found.why or ''}
        end

        -- Alerts of the tenants in the last hour, as far as they were counted in this call.
        local counts = {}

        local function remember(alert, fingerprint, rule, tenant, domain, kind, hour_key, domain_key, places, count)
            places = places or call('HMGET', domain_key, 'n', 'x')
            local serial, lasts, rank = whole(tonumber(places[1] or '0') + 1), places[2], rule[6]
            local mark = now_text .. ' ' .. serial .. ' ' .. fingerprint .. ' 0 ' .. alert
            -- Twice as long as needed, so that half of the time nothing is to be done.
            local renews = not lasts or tonumber(lasts) - now < life * 1000
            -- A field that is named twice is one.
            local of_kind = rule[1] >= 2 and rank .. ':' .. kind or rank
            if renews then
                call('HSET', domain_key, 'n', serial, rank, mark, of_kind, mark, 'x', whole(now + life * 2000))
                call('PEXPIRE', domain_key, whole(life * 2))
            else
                call('HSET', domain_key, 'n', serial, rank, mark, of_kind, mark)
            end
            local identity_key = base .. 'identity:' .. fingerprint
            call('HSET', identity_key, rank, mark)
            call('PEXPIRE', identity_key, retention)
            call('ZADD', hour_key, now_text, serial .. ':' .. domain)
            counts[tenant] = count + 1
            -- Other domains of the tenant count on it as well, some by other settings.
            if (renews or count == 0) and call('PTTL', hour_key) < life * 2 then
                call('PEXPIRE', hour_key, whole(life * 2))
            end
            -- Now and then: what is older counts for nothing.
            if count == 0 or now % 8 == 0 then call('ZREMRANGEBYSCORE', hour_key, '-inf', whole(now - hour)) end
        end

        -- The length of the tenant's name stands before it, so that no two pairs share a key.
        local function key_of_domain(tenant, domain)
            return base .. 'domain:' .. text_of(#tenant) .. ':' .. tenant .. ':' .. domain
        end

        local arguments = ARGV
        local function decide(at, may_be_answered)
            local alert, fingerprint, rule = arguments[at], arguments[at + 1], rules[tonumber(arguments[at + 2])]
            local before = may_be_answered and answered(alert)
            if before then return before end
            local tenant, domain, kind, run = arguments[at + 3], arguments[at + 4], arguments[at + 5], arguments[at + 6]
            local subject, rest, names = arguments[at + 7], arguments[at + 8], arguments[at + 9]
            local rank, mode = rule[1], rule[2]
            local around = arguments[at + 10] ~= '' and cjson.decode(arguments[at + 10])
            if around and mode ~= 3 and around.v and (now < around.v[1] or now >= around.v[2]) then return nil end

            local hour_key = base .. 'hour:' .. tenant
            local domain_key, notice
            local count = counts[tenant]
            if not count then
                count = call('ZCOUNT', hour_key, hour_ago, '+inf')
                counts[tenant] = count
            end
            local standing
            if around and around.l then
                standing = recall(fingerprint)
                notice = told(subject, rest, rule[11])
                standing.n = notice
                note(standing, true)
            end
            local outcome, window, next_at, remaining, why, amount = 0, '-1', '-1', -1, '', 0
            local held_at, held_rank, held_fingerprint, held_by = '-1', -1, '', ''
            local places
            if around and mode ~= 3 then
                local rule_name, inhibiting, until_at
                if around.t then rule_name, inhibiting, until_at = inhibitor(around.t) end
                if rule_name then
                    outcome, why, next_at, held_rank, held_at, held_by = 7, rule_name, whole(until_at), -1, '0', inhibiting
                elseif around.s then
                    outcome, why, next_at = 6, around.s[1], whole(around.s[2])
                elseif around.m then
                    outcome, why, next_at = 8, around.m[1], whole(around.m[2])
                end
            end
            if outcome == 0 and mode == 2 then
                local identity_key, marks = base .. 'identity:' .. fingerprint, nil
                if rank == 2 then marks = call('HMGET', identity_key, '2', '3')
                elseif rank == 3 then marks = call('HMGET', identity_key, '3')
                elseif rank == 1 then marks = call('HMGET', identity_key, '1', '2', '3')
                else marks = call('HMGET', identity_key, '0', '1', '2', '3') end
                local since, instant, place, other, by, over = newest(marks, 1, 4 - rank)
                if since and not over and now - since < rule[3] then
                    outcome, window, next_at = 1, rule[8], whole(since + rule[3])
                else
                    domain_key = key_of_domain(tenant, domain)
                    if rank == 2 then places = call('HMGET', domain_key, 'n', 'x', '2:' .. kind, '3:' .. kind)
                    elseif rank == 3 then places = call('HMGET', domain_key, 'n', 'x', '3:' .. kind)
                    elseif rank == 1 then places = call('HMGET', domain_key, 'n', 'x', '1', '2', '3')
                    else places = call('HMGET', domain_key, 'n', 'x', '0', '1', '2', '3') end
                    since, instant, place, other, by, over = newest(places, 3, 6 - rank)
                    if since and now - since < rule[4] and not (over and other == fingerprint) then
                        outcome, window, next_at = 2, rule[9], whole(since + rule[4])
                        -- Written of repetitions only; whatever else a cooldown holds back is another alert.
                        if other == fingerprint then held_fingerprint = other end
                    end
                end
                if outcome > 0 then
                    held_at, held_rank, held_by = instant, rank + place, by
                elseif count >= rule[5] then
                    outcome, window, remaining = 3, hour_text, 0
                    if rule[5] > 0 then
                        local first = call('ZRANGEBYSCORE', hour_key, hour_ago, '+inf', 'WITHSCORES', 'LIMIT',
                            count - rule[5], 1)
                        next_at = whole(tonumber(first[2]) + hour)
                    else
                        next_at = whole(now + empty_retry)
                    end
                else
                    remaining = rule[5] - count
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
                domain_key = domain_key or key_of_domain(tenant, domain)
                remember(alert, fingerprint, rule, tenant, domain, kind, hour_key, domain_key, places, count)
            elseif outcome >= 1 and outcome <= 3 and digests == '1' and names ~= '' then
                local due = next_at
                -- A limit that lets nothing through has no window that closes.
                if outcome == 3 and rule[5] <= 0 then due = whole(now + hour) end
                hold_back(names, rule[12], tenant, domain, 'k:' .. text_of(outcome) .. ':' .. rule[6] .. ':' .. kind,
                    alert, subject, due)
            end
            if around and around.k then leave_marks(around.k, fingerprint, alert, standing) end
            if standing then
                save(fingerprint, standing)
                if is_sent then
                    local standing_key, told = base .. 'standing:' .. fingerprint, 't:' .. around.l
                    local is_known = call('HEXISTS', standing_key, told) == 1
                    if is_known or tonumber(call('HGET', standing_key, 'c') or '0') < \(StandingBounds.told) then
                        call('HSET', standing_key, told, notice)
                        if not is_known then call('HINCRBY', standing_key, 'c', 1) end
                    end
                end
            end
            if is_sent and mode ~= 3 and around and around.o then why = around.o end
            local text = numbers(text_of(outcome), text_of(count), window, next_at, text_of(remaining), text_of(held_rank),
                held_at, rule[10], rule[7], text_of(amount))
            local goes_out = is_sent and mode ~= 3
            record(alert, run, text, held_by, held_fingerprint, why, subject, goes_out and (notice or rest),
                not notice and rule[11])
            if held_by == '' and why == '' then return text end
            if held_fingerprint == '' and why == '' then return text .. '\\n' .. held_by end
            return {text, held_by, held_fingerprint, why}
        end

        local replies, count = {'ok', now_text, 0}, 0
        local first, step = sets + tonumber(ARGV[14]) * \(argumentsPerRouteSet), \(argumentsPerAlert)
        -- Most have not been asked about before: one look at all of them.
        local asked, any = {}, false
        for at = first, #arguments, step do asked[#asked + 1] = arguments[at] end
        for at, id in ipairs(call('HMGET', index, unpack(asked))) do
            first_of[asked[at]] = id
            any = any or id
        end
        if looks_back then
            local lists = {}
            for at, alert in ipairs(asked) do lists[at] = base .. 'of:' .. alert end
            any = any or call('EXISTS', unpack(lists)) > 0
        end
        for at = first, #arguments, step do
            local alert = arguments[at]
            -- Named twice in one call, it has a receipt by now.
            local reply = decide(at, any or first_of[alert])
            if not reply then
                replies[1] = 'stale'
                break
            end
            count = count + 1
            replies[count + 3] = reply
        end
        finish()
        replies[3] = call('XLEN', notices)
        return replies
        """
}
