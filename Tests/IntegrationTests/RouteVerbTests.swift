import Events
import FoundationEssentials
import ReactorTestKit
import Testing

/// Which receivers an alert goes to, as the configuration says.
@Suite(.timeLimit(.minutes(10)))
struct RouteVerbTests {
    @Test func `routes test says who is told at a time, and why`() async throws {
        try await withTemporaryFolder { folder in
            let config = """
                version: 1
                alerts:
                  receivers: [ { name: ops, file: { path: x } }, { name: night-shift, file: { path: y } } ]
                  default_to: []
                  mute_intervals: { nights: { times: ["22:00-24:00", "00:00-06:00"], location: Europe/Berlin } }
                  routes:
                    - { match: { severity: LOW }, to: [ops], mute: [nights] }
                    - match: { severity: [HIGH, CRITICAL] }
                      to: [ops]
                      group_by: [tenant_id]
                      routes: [ { match: { tenant_id: acme }, to: [ops, night-shift] } ]

                """
            try write(config, to: folder + "/config/reactor.yaml")
            func run(_ arguments: String...) async throws -> FinishedProgram {
                try await finish(try command([BuiltProgram.path, "routes", "test"] + arguments, in: folder))
            }
            let high = try await run("severity=HIGH", "tenant_id=acme", "--at", "2026-11-22T12:00:00Z")
            #expect(high.exitCode == 0)
            #expect(
                high.output == """
                    {severity="HIGH", tenant_id="acme"} at 2026-11-22 12:00:00 UTC

                    {}: passes on
                      {severity="LOW"}: no, severity is "HIGH"
                      {severity=~"HIGH|CRITICAL"}: passes on
                        {tenant_id="acme"}: takes it, tells ops, night-shift

                    ops: told by {tenant_id="acme"}, with others of the same tenant_id, after 30s, news every 5m, again every 4h while it fires
                    night-shift: told by {tenant_id="acme"}, with others of the same tenant_id, after 30s, news every 5m, again every 4h while it fires

                    """
            )
            // In winter Berlin is an hour ahead.
            let night = try await run("severity=LOW", "--at", "2026-11-21T21:30:00Z")
            #expect(night.exitCode == 1)
            #expect(
                night.output.hasSuffix(
                    #"ops: not told, {severity="LOW"} is muted by nights until 2026-11-22 05:00:00 UTC"# + "\n"
                )
            )
            #expect(try await run("severity=LOW", "--at", "2026-11-21T20:30:00Z").exitCode == 0)
            // And in summer two.
            #expect(try await run("severity=LOW", "--at", "2026-07-21T20:30:00Z").exitCode == 1)
            let nobody = try await run("severity=MEDIUM")
            #expect(nobody.exitCode == 1)
            #expect(nobody.output.hasSuffix("nobody is told: the route that takes it names no receiver\n"))
            let json = try JSONValue.parse(
                try await run("severity=LOW", "--at", "2026-11-21T21:30:00Z", "--json").output
            )
            #expect(json["told"]?.arrayValue?.first?["muted_by"] == "nights")
            #expect(json["routes"]?.arrayValue?.count == 3)
            for wrong in [
                ["severity=high"], ["tenant=acme"], ["severity"], ["run_id=a", "run_id=b"], ["--at", "soon"],
            ] {
                let refused = try await finish(try command([BuiltProgram.path, "routes", "test"] + wrong, in: folder))
                #expect(refused.exitCode == 64, "\(wrong)")
            }
        }
    }
}
