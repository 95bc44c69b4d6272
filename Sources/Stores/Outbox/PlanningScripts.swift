import RedisClient

/// The steps between a notice and its deliveries. All keys are made from the namespace's beginning, which is the first
/// key and the first argument, and carries the hash tag that puts all of them on one shard.
enum PlanningScripts {
    private static let time = "local time = redis.call('TIME') local now = time[1] * 1000000 + time[2]"

    /// The time, how many groups there are, and those that are asked for.
    static let shelf = RedisScript(
        time + """

            local base, answer = ARGV[1], {}
            for index = 2, #ARGV do
                local kept = redis.call('HGET', base .. 'groups', ARGV[index])
                if kept then answer[#answer + 1] = kept end
            end
            return {string.format('%.0f', now), redis.call('HLEN', base .. 'groups'), answer}
            """
    )

    /// The same for the groups that are due, or for all that will be.
    static let due = RedisScript(
        time + """

            local base, limit, everything = ARGV[1], ARGV[2], ARGV[3]
            local last = everything == '1' and '+inf' or string.format('%.0f', now)
            local answer = {}
            for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. 'groups:due', '-inf', last, 'LIMIT', 0, limit)) do
                local kept = redis.call('HGET', base .. 'groups', id)
                if kept then answer[#answer + 1] = kept else redis.call('ZREM', base .. 'groups:due', id) end
            end
            return {string.format('%.0f', now), redis.call('HLEN', base .. 'groups'), answer}
            """
    )

    /// Writes a plan: looks at everything first, so that nothing is written when anything has changed.
    static let apply = RedisScript(
        time + """

            local base, notices_key = KEYS[1], KEYS[2]
            local at = 0
            local function take()
                at = at + 1
                return ARGV[at]
            end
            local function take_list()
                local list = {}
                for index = 1, tonumber(take()) do list[index] = take() end
                return list
            end
            local told_ms, most_waiting, most_dead = take(), tonumber(take()), tonumber(take())
            local notices, refused = take_list(), take_list()
            local groups = {}
            for index = 1, tonumber(take()) do groups[index] = {take(), take(), take(), take()} end

            for _, list in ipairs({notices, refused}) do
                for _, id in ipairs(list) do
                    if #redis.call('XRANGE', notices_key, id, id) == 0 then
                        redis.pcall('XACK', notices_key, 'planners', id)
                        return {'gone', id}
                    end
                end
            end
            for _, group in ipairs(groups) do
                local kept = redis.call('HGET', base .. 'groups', group[1])
                local version = kept and kept:match('^(%d+) ') or '0'
                if version ~= group[2] then return {'changed', group[1]} end
            end

            for _, group in ipairs(groups) do
                if group[3] == '' then
                    redis.call('HDEL', base .. 'groups', group[1])
                else
                    redis.call('HSET', base .. 'groups', group[1], string.format('%d %s', group[2] + 1, group[3]))
                end
                if group[4] == '' then
                    redis.call('ZREM', base .. 'groups:due', group[1])
                else
                    redis.call('ZADD', base .. 'groups:due', group[4], group[1])
                end
            end
            local stamp = string.format('%.0f', now)
            for index = 1, tonumber(take()) do
                local id, receiver, kind, tenant, title, instance, notification = take(), take(), take(), take(), take(),
                    take(), take()
                local alerts = take_list()
                local key, outbox = base .. 'delivery:' .. id, base .. 'outbox:' .. receiver
                if redis.call('EXISTS', key) == 0 then
                    redis.call('HSET', key, 'receiver', receiver, 'kind', kind, 'tenant', tenant, 'title', title,
                        'instance', instance, 'notification', notification, 'alerts', table.concat(alerts, ' '),
                        'created', stamp, 'updated', stamp, 'attempts', 0, 'status', 'pending')
                    redis.call('ZADD', base .. 'deliveries', stamp, id)
                    for _, alert in ipairs(alerts) do
                        redis.call('SADD', base .. 'told:' .. alert, id)
                        redis.call('PEXPIRE', base .. 'told:' .. alert, told_ms)
                    end
                    local waiting = 0
                    if redis.call('SADD', base .. 'receivers', receiver) == 1 or redis.call('EXISTS', outbox) == 0 then
                        redis.pcall('XGROUP', 'CREATE', outbox, 'senders', '0', 'MKSTREAM')
                    else
                        waiting = redis.call('XLEN', outbox) + redis.call('ZCARD', base .. 'retries:' .. receiver)
                    end
                    if waiting < most_waiting then
                        redis.call('XADD', outbox, '*', 'id', id)
                    else
                        redis.call('HSET', key, 'status', 'dead', 'reason', 'the outbox is full: ' .. waiting ..
                            ' messages wait for this receiver')
                        redis.call('ZADD', base .. 'dead', stamp, id)
                    end
                end
            end
            for _, id in ipairs(refused) do
                local entry = redis.call('XRANGE', notices_key, id, id)[1]
                redis.call('XADD', base .. 'notices:refused', 'MAXLEN', '~', 1000, '*', unpack(entry[2]))
            end
            for _, list in ipairs({notices, refused}) do
                for _, id in ipairs(list) do
                    redis.pcall('XACK', notices_key, 'planners', id)
                    redis.call('XDEL', notices_key, id)
                end
            end
            return {'done', ''}
            """
    )

    /// How much of everything there is.
    static let figures = RedisScript(
        """
        local base, notices_key = KEYS[1], KEYS[2]
        local waiting = {}
        for _, receiver in ipairs(redis.call('SMEMBERS', base .. 'receivers')) do
            waiting[#waiting + 1] = receiver
            waiting[#waiting + 1] = redis.call('XLEN', base .. 'outbox:' .. receiver) +
                redis.call('ZCARD', base .. 'retries:' .. receiver)
        end
        return {redis.call('XLEN', notices_key), redis.call('HLEN', base .. 'groups'),
            redis.call('ZCARD', base .. 'dead'), waiting, redis.call('HGETALL', base .. 'receivers:disabled')}
        """
    )

    /// Forgets consumers that are gone and hold nothing, and the oldest of the deliveries that are over.
    static let tidy = RedisScript(
        """
        local base, notices_key, most_kept = KEYS[1], KEYS[2], tonumber(ARGV[1])
        local function sweep(stream, group)
            local consumers = redis.pcall('XINFO', 'CONSUMERS', stream, group)
            if consumers.err then return end
            for _, facts in ipairs(consumers) do
                local named = {}
                for index = 1, #facts, 2 do named[facts[index]] = facts[index + 1] end
                if named.pending == 0 and named.idle > 3600000 then
                    redis.call('XGROUP', 'DELCONSUMER', stream, group, named.name)
                end
            end
        end
        sweep(notices_key, 'planners')
        for _, receiver in ipairs(redis.call('SMEMBERS', base .. 'receivers')) do
            sweep(base .. 'outbox:' .. receiver, 'senders')
        end
        local excess = redis.call('ZCARD', base .. 'deliveries') - most_kept
        for _, id in ipairs(redis.call('ZRANGE', base .. 'deliveries', 0, 999)) do
            local status = redis.call('HGET', base .. 'delivery:' .. id, 'status')
            if not status or (status == 'delivered' and excess > 0) then
                redis.call('DEL', base .. 'delivery:' .. id)
                redis.call('ZREM', base .. 'deliveries', id)
                excess = excess - 1
            end
        end
        return excess
        """
    )
}
