import Glibc

/// Compares the automaton with the naive matcher on random pairs: `pairs NUMBER SEED`. Ends with 1 at the first pair on
/// which they differ, and says which seed of which theme it was.
@main
struct Pairs {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        guard numbers.count == 2 else {
            print("usage: pairs NUMBER SEED")
            exit(64)
        }
        var (tested, matched) = (0, 0)
        for theme in RandomPatterns.Theme.allCases {
            let share = DifferentialRound.share(of: Int(numbers[0]), theme)
            do {
                let outcome = try DifferentialRound.run(pairs: share, seed: numbers[1], theme: theme)
                print("\(theme): \(outcome.tested) pairs agree, \(outcome.matched) of them match")
                tested += outcome.tested
                matched += outcome.matched
            } catch {
                print("ERROR: the automaton and the naive matcher differ: \(error)")
                exit(1)
            }
        }
        print("Done: \(tested) pairs agree, \(matched) of them match, seed \(numbers[1])")
    }
}
