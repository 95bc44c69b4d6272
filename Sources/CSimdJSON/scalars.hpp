// The grammar of JSON's strings, numbers and literals. Nothing here reads at or behind the `end` it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "csimdjson.h"

namespace csj {

inline bool is_space(uint8_t byte) noexcept { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

inline bool is_digit(uint8_t byte) noexcept { return uint8_t(byte - '0') < 10; }

/// Whether a scalar that stopped at `stop` ends there. `end` is where the next token begins, and between two tokens
/// there is nothing but white space once one has been seen.
inline bool is_ended(const uint8_t *stop, const uint8_t *end) noexcept { return stop == end || is_space(*stop); }

/// Whether all of eight bytes are digits: their high nibbles are that of '0', and still are when 6 is added, which what
/// lies behind '9' does not survive. (A byte that carries into the next one has failed by itself.)
inline bool are_digits(const uint8_t *bytes) noexcept {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    constexpr uint64_t high = 0xF0F0F0F0F0F0F0F0u;
    return ((word & high) | ((word + 0x0606060606060606u) & high) >> 4) == 0x3333333333333333u;
}

/// Behind the digits at `next`. Instants and identifiers have many of them, so eight at a time.
inline const uint8_t *digits_end(const uint8_t *next, const uint8_t *end) noexcept {
    while (end - next >= 8 && are_digits(next)) { next += 8; }
    while (next != end && is_digit(*next)) { ++next; }
    return next;
}

/// The end of the number at `start`, or null.
inline const uint8_t *number_end(const uint8_t *start, const uint8_t *end) noexcept {
    const uint8_t *next = start;
    if (*next == '-' && ++next == end) { return nullptr; }
    if (*next == '0') {
        ++next;
    } else {
        if (!is_digit(*next)) { return nullptr; }
        next = digits_end(next + 1, end);
    }
    if (next != end && *next == '.') {
        const uint8_t *digits = ++next;
        next = digits_end(next, end);
        if (next == digits) { return nullptr; }
    }
    if (next != end && (*next | 0x20) == 'e') {
        ++next;
        if (next != end && (*next == '+' || *next == '-')) { ++next; }
        const uint8_t *digits = next;
        next = digits_end(next, end);
        if (next == digits) { return nullptr; }
    }
    return is_ended(next, end) ? next : nullptr;
}

/// Signed, because of a sealed text's last bracket: `end` lies before it.
inline bool is_literal(const uint8_t *start, const uint8_t *end, const char *literal, ptrdiff_t length) noexcept {
    return end - start >= length && std::memcmp(start, literal, size_t(length)) == 0 && is_ended(start + length, end);
}

/// The length of `NaN`, `Infinity` or `-Infinity` at `start`, which Python writes and JSON does not know; else 0.
inline size_t non_finite_length(const uint8_t *start, const uint8_t *end) noexcept {
    if (is_literal(start, end, "NaN", 3)) { return 3; }
    if (is_literal(start, end, "Infinity", 8)) { return 8; }
    if (is_literal(start, end, "-Infinity", 9)) { return 9; }
    return 0;
}

/// Small enough to come back in a register.
struct scalar_token {
    uint32_t length;
    csj_kind kind;
};

inline scalar_token literal(const uint8_t *start, const uint8_t *end, const char *text, uint32_t length,
                            csj_kind kind) noexcept {
    return {length, is_literal(start, end, text, length) ? kind : CSJ_ABSENT};
}

/// The kind and the length of the number or literal at `start`; `CSJ_ABSENT` if it is none.
inline scalar_token scalar(const uint8_t *start, const uint8_t *end) noexcept {
    switch (*start) {
    case 't': return literal(start, end, "true", 4, CSJ_TRUE);
    case 'f': return literal(start, end, "false", 5, CSJ_FALSE);
    case 'n': return literal(start, end, "null", 4, CSJ_NULL);
    default: {
        const uint8_t *stop = number_end(start, end);
        return {uint32_t(stop - start), stop == nullptr ? CSJ_ABSENT : CSJ_NUMBER};
    }
    }
}

/// The value of four hexadecimal digits, or -1.
inline int32_t hex4(const uint8_t *digits, const uint8_t *end) noexcept {
    if (end - digits < 4) { return -1; }
    int32_t value = 0;
    for (int index = 0; index < 4; ++index) {
        const uint8_t byte = digits[index];
        const uint8_t lower = byte | 0x20;
        int32_t digit;
        if (is_digit(byte)) {
            digit = byte - '0';
        } else if (lower >= 'a' && lower <= 'f') {
            digit = lower - 'a' + 10;
        } else {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

inline uint8_t *write_utf8(uint32_t scalar, uint8_t *out) noexcept {
    if (scalar < 0x80) {
        *out++ = uint8_t(scalar);
    } else if (scalar < 0x800) {
        *out++ = uint8_t(0xC0 | scalar >> 6);
        *out++ = uint8_t(0x80 | (scalar & 0x3F));
    } else if (scalar < 0x10000) {
        *out++ = uint8_t(0xE0 | scalar >> 12);
        *out++ = uint8_t(0x80 | (scalar >> 6 & 0x3F));
        *out++ = uint8_t(0x80 | (scalar & 0x3F));
    } else {
        *out++ = uint8_t(0xF0 | scalar >> 18);
        *out++ = uint8_t(0x80 | (scalar >> 12 & 0x3F));
        *out++ = uint8_t(0x80 | (scalar >> 6 & 0x3F));
        *out++ = uint8_t(0x80 | (scalar & 0x3F));
    }
    return out;
}

/// Reads the hexadecimal digits of `\uXXXX` (and of the second half of a surrogate pair) at `next`, which it moves on.
/// False for bad digits and for half a pair: no Unicode text holds one.
inline bool unicode_escape(const uint8_t *&next, const uint8_t *end, uint32_t &scalar) noexcept {
    const int32_t first = hex4(next, end);
    if (first < 0) { return false; }
    next += 4;
    scalar = uint32_t(first);
    if ((scalar & 0xF800) != 0xD800) { return true; }
    if (scalar >= 0xDC00 || end - next < 6 || next[0] != '\\' || next[1] != 'u') { return false; }
    const int32_t second = hex4(next + 2, end);
    if ((second & ~0x3FF) != 0xDC00) { return false; }
    next += 6;
    scalar = 0x10000 + ((scalar & 0x3FF) << 10 | (uint32_t(second) & 0x3FF));
    return true;
}

inline uint8_t simple_escape(uint8_t letter) noexcept {
    switch (letter) {
    case '"':
    case '\\':
    case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/// Writes the text that a string's inner bytes mean to `out`, which has room for `end - start` bytes: no escape is
/// shorter than what it means. Returns the end of the text, or null for an escape that is none.
inline uint8_t *unescape(const uint8_t *start, const uint8_t *end, uint8_t *out) noexcept {
    while (start != end) {
        const void *found = std::memchr(start, '\\', size_t(end - start));
        const uint8_t *backslash = found == nullptr ? end : static_cast<const uint8_t *>(found);
        std::memcpy(out, start, size_t(backslash - start));
        out += backslash - start;
        if (backslash == end) { return out; }
        if (end - backslash < 2) { return nullptr; }
        start = backslash + 2;
        if (backslash[1] == 'u') {
            uint32_t scalar;
            if (!unicode_escape(start, end, scalar)) { return nullptr; }
            out = write_utf8(scalar, out);
        } else {
            const uint8_t meant = simple_escape(backslash[1]);
            if (meant == 0) { return nullptr; }
            *out++ = meant;
        }
    }
    return out;
}

}  // namespace csj
