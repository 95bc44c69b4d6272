import RedisClient

/// The script that ends an alert: what was told is told as over, its past holds it back no longer, and silences that were
/// to last as long end with it.
///
/// The caller has read the alert and prepared what is told. When the alert, or a silence, has changed since, nothing is
/// done, and the caller looks again.
enum ResolveScript {
    /// Fingerprint, revision, and what ends with the alert; see `ResolveCall`.
    static let fixedArguments = ScriptPrelude.sharedArguments + 3
    static let argumentsPerTelling = 4

    static func make(clock: RedisStateStore.ServerClock) -> RedisScript {
        RedisScript(ScriptPrelude.text(clock: clock) + "\n" + Self.body)
    }

    private static let body = """
        local domain_key, identity_key, silences_key, audit_key = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
        local fingerprint, revision = ARGV[9], ARGV[10]
        local ending = cjson.decode(ARGV[11])
        local standing = recall(fingerprint)
        if known[2] ~= version or standing.r ~= revision then return {'stale', now_text} end
        if standing.on ~= '1' then return {'ok', now_text} end
        note(standing, false)

        for key in standing.m:gmatch('%S+') do
            call('ZREM', base .. 'inhibit:' .. key, fingerprint)
            call('HDEL', base .. 'inhibit:' .. key .. ':ids', fingerprint)
        end
        standing.m = ' '
        call('DEL', identity_key)
        local marks = call('HGETALL', domain_key)
        for at = 1, #marks, 2 do
            local head, found, alert = marks[at + 1]:match('^(%d+ %d+ )(%x+) [01] (.*)$')
            if found == fingerprint then call('HSET', domain_key, marks[at], head .. found .. ' 1 ' .. alert) end
        end

        local tellings = (#ARGV - \(fixedArguments)) / \(argumentsPerTelling)
        local outcome, amount = 10, 0
        local is_held = flap_high and standing.f == 2
        if is_held then
            outcome, amount = 9, math.floor(standing.weight / 19)
        elseif standing.f == 3 and tellings > 0 then
            outcome, amount = 13, math.floor(standing.weight / 19)
            standing.f, standing.settle = 0, 0
        end
        save(fingerprint, standing)
        local standing_key = base .. 'standing:' .. fingerprint
        local replies = {'ok', now_text}
        for index = 0, tellings - 1 do
            local at = \(fixedArguments) + index * \(argumentsPerTelling)
            local alert, run, subject, notice = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
            local text = numbers(outcome, 0, '-1', '-1', -1, -1, '-1', '0', '2', amount)
            record(alert, run, text, '', '', '', subject,
                not is_held and notice ~= '' and notice or nil)
            replies[index + 3] = text
        end
        if not is_held and tellings > 0 then
            for _, field in ipairs(call('HKEYS', standing_key)) do
                if field:sub(1, 2) == 't:' then call('HDEL', standing_key, field) end
            end
            call('HDEL', standing_key, 'c')
        end

        for _, id in ipairs(ending.silences) do
            local silence = call('HGET', silences_key, id)
            local starts, ends, created, text = silence:match('^(%d+) (%d+) (%d+) %d+ (.*)$')
            if tonumber(ends) > now then
                call('HSET', silences_key, id, starts .. ' ' .. now_text .. ' ' .. created .. ' ' .. now_text .. ' ' .. text)
                call('SET', version_key, ending.version)
                call('XADD', audit_key, 'MAXLEN', '~', ending.audit, '*', 'at', now_text, 'actor', ending.actor,
                    'action', 'silence.expired', 'subject', id, 'detail', ending.detail)
            end
        end
        finish()
        return replies
        """
}
