import RedisClient

/// The scripts that tell what has become due. The first shows it; the caller puts it into words; the second takes it,
/// unless it has changed since or somebody else has told it.
enum SettleScripts {
    /// Things that are shown at once.
    static let batch = 64
    static let fixedArguments = ScriptPrelude.sharedArguments + 5
    static let argumentsPerTelling = 4

    static func look(clock: RedisStateStore.ServerClock) -> RedisScript {
        RedisScript(
            ScriptPrelude.text(clock: clock) + """

                local found = {now_text}
                for _, member in ipairs(call('ZRANGEBYSCORE', due_key, '-inf', now_text, 'LIMIT', 0, \(Self.batch))) do
                    local name, prefix = member:sub(3), member:sub(1, 1) == 'd' and 'held:' or 'standing:'
                    found[#found + 1] = {member, call('HGETALL', base .. prefix .. name)}
                end
                return found
                """
        )
    }

    static func take(clock: RedisStateStore.ServerClock) -> RedisScript {
        RedisScript(
            ScriptPrelude.text(clock: clock) + """

                local member, known = ARGV[9], ARGV[10]
                local outcome, amount, fires = tonumber(ARGV[11]), tonumber(ARGV[12]), ARGV[13]
                local name = member:sub(3)
                if not call('ZSCORE', due_key, member) then return {now_text} end
                if member:sub(1, 1) == 'd' then
                    if call('HGET', base .. 'held:' .. name, 'last') ~= known then return {now_text} end
                    call('DEL', base .. 'held:' .. name)
                else
                    local standing_key = base .. 'standing:' .. name
                    if call('HGET', standing_key, 'r') ~= known then return {now_text} end
                    call('HSET', standing_key, 'f', 0, 'h', fires)
                    call('HINCRBY', standing_key, 'r', 1)
                    if fires == '0' then
                        for _, field in ipairs(call('HKEYS', standing_key)) do
                            if field:sub(1, 2) == 't:' then call('HDEL', standing_key, field) end
                        end
                        call('HDEL', standing_key, 'c')
                    end
                end
                call('ZREM', due_key, member)
                local replies = {now_text}
                for index = 0, (#ARGV - \(fixedArguments)) / \(argumentsPerTelling) - 1 do
                    local at = \(fixedArguments) + index * \(argumentsPerTelling)
                    local text = numbers(outcome, 0, '-1', '-1', -1, -1, '-1', '0', '2', amount)
                    record(ARGV[at + 1], ARGV[at + 2], text, '', '', '', ARGV[at + 3],
                        ARGV[at + 4] ~= '' and ARGV[at + 4] or nil)
                    replies[index + 2] = text
                end
                finish()
                return replies
                """
        )
    }
}
