import Glibc

/// A JSON number as patterns compare it.
///
/// Two numbers are equal when their values are, however they are written: `1`, `1.0` and `1e0`. The value is an IEEE
/// double, and only of numbers that a double can tell from their neighbours: the decimal must equal the shortest
/// decimal that stands for its double. 9007199254740993 fails that test, since its double prints as
/// 9007199254740992. Such a number equals only its own text, and no comparison of size holds for it.
package enum NumberValue: Sendable, Hashable {
    /// Never NaN, an infinity or a negative zero.
    case exact(Double)
    case text([UInt8])

    package init(_ text: [UInt8]) {
        let value = text.withUnsafeBufferPointer { ExactNumber.parse($0.baseAddress!, count: $0.count) }
        self = value.map(NumberValue.exact) ?? .text(text)
    }
}

/// Turns the text of a JSON number into a double, if the double says all that the text says.
enum ExactNumber {
    /// Every power of ten that a double holds exactly.
    private static let powersOfTen: [Double] = (0...22).map { exponent in
        (0..<exponent).reduce(1.0) { power, _ in power * 10 }
    }

    /// The digits of a decimal without zeros at either end, and the power of ten they are multiplied by.
    struct Decimal: Equatable {
        var digits: UInt64 = 0
        var digitCount = 0
        var exponent = 0
        var isNegative = false
        /// There were more significant digits than any shortest decimal has.
        var isTooLong = false
    }

    /// - Returns: nil for text that is no number, and for numbers that a double does not represent exactly enough.
    static func parse(_ start: UnsafePointer<UInt8>, count: Int) -> Double? {
        guard let decimal = scan(start, count: count), !decimal.isTooLong else { return nil }
        guard decimal.digits != 0 else { return 0 }
        // At most 15 digits and a power of ten without error: one rounding, so the result is the nearest double, and
        // 15 digits always survive the way there and back.
        if decimal.digitCount <= 15, -22...22 ~= decimal.exponent {
            let digits = Double(decimal.digits)
            let value = Self.powersOfTen.withUnsafeBufferPointer { powers in
                decimal.exponent < 0 ? digits / powers[-decimal.exponent] : digits * powers[decimal.exponent]
            }
            return decimal.isNegative ? -value : value
        }
        return Self.parseSlowly(decimal)
    }

    private static func parseSlowly(_ decimal: Decimal) -> Double? {
        let magnitude = Self.nearestDouble(decimal)
        guard magnitude.isFinite, magnitude != 0 else { return nil }
        if decimal.digitCount > 15 || !magnitude.isNormal {
            var shortest = magnitude.description
            let matches = shortest.withUTF8 { text -> Bool in
                guard var printed = Self.scan(text.baseAddress!, count: text.count) else { return false }
                printed.isNegative = decimal.isNegative
                return printed == decimal
            }
            guard matches else { return nil }
        }
        return decimal.isNegative ? -magnitude : magnitude
    }

    /// The nearest double of the digits, without the sign.
    private static func nearestDouble(_ decimal: Decimal) -> Double {
        // "123e-4": no decimal point in what strtod sees, so the process's locale plays no part.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 48) { buffer in
            var index = 47
            func put(_ value: UInt64) {
                var rest = value
                repeat {
                    index -= 1
                    buffer[index] = CChar(0x30 + rest % 10)
                    rest /= 10
                } while rest != 0
            }
            buffer[47] = 0
            put(UInt64(decimal.exponent.magnitude))
            if decimal.exponent < 0 {
                index -= 1
                buffer[index] = CChar(UInt8(ascii: "-"))
            }
            index -= 1
            buffer[index] = CChar(UInt8(ascii: "e"))
            put(decimal.digits)
            return strtod(buffer.baseAddress! + index, nil)
        }
    }

    /// Reads sign, digits, fraction and exponent. A plus sign and a bare leading or trailing point are let through,
    /// since YAML writes such numbers; the JSON readers before this one have refused them.
    static func scan(_ start: UnsafePointer<UInt8>, count: Int) -> Decimal? {
        var decimal = Decimal()
        var index = 0
        if count > 0, start[0] == UInt8(ascii: "-") || start[0] == UInt8(ascii: "+") {
            decimal.isNegative = start[0] == UInt8(ascii: "-")
            index = 1
        }
        // Zeros that have been seen but only count if another digit follows.
        var pendingZeros = 0
        var isFraction = false
        var sawDigit = false
        scanning: while index < count {
            let byte = start[index]
            if byte.isASCIIDigit {
                sawDigit = true
                if isFraction { decimal.exponent -= 1 }
                if byte == UInt8(ascii: "0") {
                    pendingZeros += 1
                } else {
                    decimal.append(digit: UInt64(byte &- 0x30), after: pendingZeros)
                    pendingZeros = 0
                }
            } else if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else {
                break scanning
            }
            index += 1
        }
        guard sawDigit else { return nil }
        decimal.exponent += pendingZeros
        if index < count {
            guard start[index] | 0x20 == UInt8(ascii: "e"),
                let exponent = Self.exponent(start + index + 1, count: count - index - 1)
            else { return nil }
            decimal.exponent += exponent
        }
        if decimal.digits == 0 { return Decimal() }
        return decimal
    }

    private static func exponent(_ start: UnsafePointer<UInt8>, count: Int) -> Int? {
        var index = 0
        let isNegative = count > 0 && start[0] == UInt8(ascii: "-")
        if isNegative || (count > 0 && start[0] == UInt8(ascii: "+")) { index = 1 }
        guard index < count else { return nil }
        var value = 0
        while index < count {
            guard start[index].isASCIIDigit else { return nil }
            // Far beyond every double, and the sum with a digit count cannot overflow.
            value = min(value * 10 + Int(start[index] &- 0x30), 100_000_000)
            index += 1
        }
        return isNegative ? -value : value
    }
}

extension ExactNumber.Decimal {
    fileprivate mutating func append(digit: UInt64, after zeros: Int) {
        if self.digits == 0 {
            self.digits = digit
            self.digitCount = 1
            return
        }
        // A shortest decimal has at most 17 digits; 19 are the most that fit.
        guard self.digitCount + zeros + 1 <= 19 else {
            self.isTooLong = true
            return
        }
        for _ in 0..<zeros { self.digits &*= 10 }
        self.digits = self.digits &* 10 &+ digit
        self.digitCount += zeros + 1
    }
}
