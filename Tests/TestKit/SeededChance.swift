import Foundation

/// Chance that repeats itself for the same seed (SplitMix64), so that a story that went wrong can be told again.
package struct SeededChance: RandomNumberGenerator, Sendable {
    private var state: UInt64
    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True once in `count` times.
    package mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    /// The seeds a test tries: those of `HOTREEL_SEEDS`, such as `1000..<1500`, else its own few.
    package static func seeds(else usual: Range<UInt64>) -> Range<UInt64> {
        let bounds = (ProcessInfo.processInfo.environment["HOTREEL_SEEDS"] ?? "").split(separator: "..<").compactMap {
            UInt64($0)
        }
        return bounds.count == 2 && bounds[0] < bounds[1] ? bounds[0]..<bounds[1] : usual
    }
}
