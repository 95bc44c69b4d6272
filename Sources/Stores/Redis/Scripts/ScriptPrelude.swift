/// What the scripts about alerts share: the clock, the receipts with their index, and the state of alerts that stand.
///
/// What is remembered lies under one hash tag, so that it is on one shard. Instants are microseconds of Redis' clock, which
/// never go back: `clock` holds the latest one.
///
/// - `receipts`: a bounded stream. `alerts` is a hash with the id of the first entry of each alert, since few have another;
///   `of:<alert>` is a list of the ids of further ones, and `run:<run>` of those of a run. What the stream forgets goes from
///   them at its cost: the oldest entry is its alert's in the hash or the first of its list, and the first of its run's.
///   The version before kept the first ones in the lists too; these are read, and go with their receipts. `alerts:since` is
///   the instant from which the hash was kept, 0 where no list can be older: what the version before has decided is asked
///   again for a day at most.
/// - `notices`: a stream of what goes out; who plans the deliveries takes it away.
/// - `standing:<fingerprint>`: a hash about an alert that will be resolved: its revision `r`, whether it fires (`on`), its
///   last states (`h`, the newest last) and what was told of their changes (`f`), its marks of inhibition (`m`), the
///   newest alert (`n`), and those that receivers were told of (`t:<labels>`, `c` of them).
/// - `inhibit:<key>`: a sorted set of the alerts that hold others back, scored by their end; `:ids` names them.
/// - `held:<name>`: a hash about what was held back and will be told of.
/// - `due`: a sorted set of what is to be told at a time: `d:<name>` and `f:<fingerprint>`.
enum ScriptPrelude {
    /// What stands before all else among the keys and arguments of a script.
    static let sharedKeys = 5
    static let sharedArguments = 8

    static func text(clock: RedisStateStore.ServerClock) -> String { clock.reading + "\n" + Self.body }

    private static let body = """
        local call, match, find, sub, byte = redis.call, string.match, string.find, string.sub, string.byte
        local receipts, notices, version_key, due_key = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
        local base, retention, kept = ARGV[1], ARGV[2], tonumber(ARGV[3])
        local version, standing_life = ARGV[4], ARGV[5]
        local index = base .. 'alerts'
        -- Limits of flapping by weight; an empty one says that nobody looks at it. How long until it counts as settled.
        local flap_high, flap_low, flap_settle = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

        -- As a whole number; what %s would write has 14 digits.
        local format = string.format
        local function whole(number) return format('%d', number) end

        -- The latest time that was seen, and the version of the silences.
        local since_key = base .. 'alerts:since'
        local known = call('MGET', KEYS[1], version_key, since_key)
        known[2] = known[2] or ''
        local latest = tonumber(known[1] or '0')
        if now < latest then now = latest else call('SET', KEYS[1], whole(now)) end
        local now_text = whole(now)

        -- Numbers of many digits are given as texts.
        local function numbers(outcome, count, window, next_at, remaining, held_rank, held_at, limit, mode, amount)
            return outcome .. ' ' .. now_text .. ' ' .. count .. ' ' .. window .. ' ' .. next_at .. ' ' .. remaining .. ' ' ..
                held_rank .. ' ' .. held_at .. ' ' .. limit .. ' ' .. mode .. ' ' .. amount
        end

        -- Receipts that were written, by run, and the runs in their order.
        local of_runs, runs = {}, {}
        -- The first receipts of alerts, false where there is none, as far as they were looked up; and those that were
        -- written, behind their alerts.
        local first_of, firsts = {}, {}

        -- Writes a receipt, and the notice unless there is none: as a whole, or, where routes are given, what belongs to
        -- it beside them and the subject. Most have the same fields, which a stream keeps once.
        local function record(alert, run, text, held_by, held_fingerprint, why, subject, notice, routes)
            local id
            if held_fingerprint == '' and why == '' then
                id = call('XADD', receipts, '*', 'alert', alert, 'run', run, 'numbers', text, 'subject', subject,
                    'held_by', held_by)
            else
                id = call('XADD', receipts, '*', 'alert', alert, 'run', run, 'numbers', text, 'subject', subject,
                    'held_by', held_by, 'held_fingerprint', held_fingerprint, 'why', why)
            end
            local first = first_of[alert]
            if first == nil then first = call('HGET', index, alert) end
            if first then
                call('RPUSH', base .. 'of:' .. alert, id)
            else
                first_of[alert] = id
                local count = #firsts
                firsts[count + 1], firsts[count + 2] = alert, id
            end
            local ids = of_runs[run]
            if ids then
                ids[#ids + 1] = id
            else
                of_runs[run] = {id}
                runs[#runs + 1] = run
            end
            if notice and routes then
                call('XADD', notices, '*', 'rest', notice, 'routes', routes, 'alert', alert, 'numbers', text, 'why', why,
                    'subject', subject)
            elseif notice then
                call('XADD', notices, '*', 'notice', notice, 'alert', alert, 'numbers', text, 'why', why,
                    'subject', subject)
            end
        end

        -- Completes the index; forgets the oldest receipts, and their places in it.
        local function finish()
            if firsts[1] then call('HSET', index, unpack(firsts)) end
            for at = 1, #runs do call('RPUSH', base .. 'run:' .. runs[at], unpack(of_runs[runs[at]])) end
            local over = call('XLEN', receipts) - kept
            if over < 100 then return end
            local last
            local ids, alerts, of_run = {}, {}, {}
            for _, entry in ipairs(call('XRANGE', receipts, '-', '+', 'COUNT', math.min(over, 256))) do
                local fields = entry[2]
                last = entry[1]
                local alert, run
                for at = 1, #fields, 2 do
                    if fields[at] == 'alert' then alert = fields[at + 1] end
                    if fields[at] == 'run' then run = fields[at + 1] end
                end
                -- An entry from before there was an index has no run.
                if alert and run then
                    ids[#ids + 1], alerts[#alerts + 1] = last, alert
                    of_run[run] = (of_run[run] or 0) + 1
                end
            end
            for run, count in pairs(of_run) do call('LPOP', base .. 'run:' .. run, count) end
            local found, gone = alerts[1] and call('HMGET', index, unpack(alerts)), {}
            for at = 1, #ids do
                if found[at] == ids[at] then
                    gone[#gone + 1] = alerts[at]
                else
                    call('LPOP', base .. 'of:' .. alerts[at])
                end
            end
            if gone[1] then call('HDEL', index, unpack(gone)) end
            local time, number = last:match('^(%d+)-(%d+)$')
            call('XTRIM', receipts, 'MINID', time .. '-' .. whole(tonumber(number) + 1))
        end

        -- Takes note that an alert fires, or no longer.
        local function note(standing, fires)
            standing.on = fires and '1' or '0'
            if not flap_high then return end
            local states = (standing.h .. standing.on):sub(-21)
            local weight = 0
            for back = 1, #states - 1 do
                if states:byte(#states - back + 1) ~= states:byte(#states - back) then weight = weight + 116 - 2 * back end
            end
            standing.h, standing.weight = states, weight
            local high, low, told = weight > flap_high, weight < flap_low, standing.f
            if told == 0 and high then standing.f = 1
            elseif told == 1 and low then standing.f = 0
            elseif told == 2 and low then standing.f = 3
            elseif told == 3 and high then standing.f = 2 end
            if standing.f == 0 then
                if told ~= 0 then standing.settle = 0 end
            elseif #states > 1 and states:byte(#states) ~= states:byte(#states - 1) then
                standing.settle = now + flap_settle
            end
        end

        local function save(fingerprint, standing)
            local key = base .. 'standing:' .. fingerprint
            call('HSET', key, 'h', standing.h, 'f', standing.f, 'on', standing.on, 'm', standing.m, 'n', standing.n)
            call('HINCRBY', key, 'r', 1)
            call('PEXPIRE', key, standing_life)
            if standing.settle == 0 then
                call('ZREM', due_key, 'f:' .. fingerprint)
            elseif standing.settle then
                call('ZADD', due_key, whole(standing.settle), 'f:' .. fingerprint)
            end
        end

        local function recall(fingerprint)
            local found = call('HMGET', base .. 'standing:' .. fingerprint, 'h', 'f', 'm', 'n', 'on', 'r')
            return {h = found[1] or '', f = tonumber(found[2] or '0'), m = found[3] or ' ', n = found[4] or '',
                on = found[5] or '0', r = found[6] or '0', weight = 0}
        end
        """
}

extension ScriptPrelude {
    /// The keys that every script about alerts has first.
    static func keys(_ keys: StateKeys) -> [[UInt8]] {
        [keys.clock, keys.receipts, keys.notices, keys.silencesVersion, keys.due].map { Array($0.utf8) }
    }
}
