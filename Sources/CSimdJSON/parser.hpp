// The scratch space of a reader, and the steps that its walks share.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>

#include "buffer.hpp"
#include "csimdjson.h"
#include "fields.hpp"
#include "scalars.hpp"

namespace csj {

/// More levels would need more bits than one word has, see `skip`.
constexpr uint32_t deepest = 64;

/// A text whose structure is known. Between two entries of `structure` there is only white space behind the end of the
/// first one's token: an operator, a string, or a run of other bytes.
struct indexed_text {
    const uint8_t *bytes = nullptr;
    /// Offsets of the operators outside strings, of the opening quotes, and of the starts of other runs.
    uint32_t *structure = nullptr;
    uint32_t tokens = 0;
    uint32_t length = 0;
    /// Offset of the first backslash that the walk has not passed yet; `length` when there is none.
    uint32_t backslash = 0;
    uint32_t max_depth = deepest;

    const uint8_t *at(uint32_t token) const noexcept { return bytes + structure[token]; }
    uint8_t first_byte(uint32_t token) const noexcept { return bytes[structure[token]]; }
};

struct byte_view {
    const uint8_t *start;
    uint32_t length;
};

/// What is remembered of a member that was wanted, to take its leaves back when its name comes again.
struct member_mark {
    uint64_t instance;
    uint32_t first_leaf;
    uint32_t end_leaf;
};

/// An object or an array that the walk is inside of.
struct level {
    /// Tells this object from every other one that the parser ever met.
    uint64_t instance;
    uint32_t node;
    /// Index plus 1 of the mark whose member is being read; 0 for none.
    uint32_t open_mark;
    /// The place of its members' leaves.
    int32_t place;
    uint32_t array;
    uint32_t element;
    uint32_t start;
    /// How many keys of it were read, for finding their guesses.
    uint32_t keys;
    csj::slot slot;
    bool is_array;
};

}  // namespace csj

struct csj_parser {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> indexer;
    bool kernel_skips_utf8 = false;
    csj::indexed_text text;
    /// Why the last step failed.
    csj_status status = CSJ_OK;
    /// Whether it failed on NaN or an infinity.
    bool met_non_finite = false;
    size_t error_offset = 0;

    csj::buffer<csj_leaf> leaves;
    csj::buffer<csj_place> places;
    csj::buffer<csj_slice> tokens;
    /// Strings with their escapes resolved. Reserved before a walk, so that it never moves during one.
    csj::buffer<uint8_t> strings;
    /// A text with NaN and the infinities replaced.
    csj::buffer<uint8_t> rewritten;

    csj::level levels[csj::deepest];
    /// By node and by the key's place in its object. For the field set of `marks_serial`.
    csj::key_guess guesses[128];
    csj::buffer<csj::member_mark> marks;
    /// The envelope's keys that are none of its slots.
    csj::buffer<csj::byte_view> other_keys;
    uint64_t marks_serial = 0;
    uint64_t instances = 0;

    /// Finds the structure of a text. Checks UTF-8, that strings end, and that they hold no control characters.
    bool index(const uint8_t *bytes, size_t count, uint32_t max_depth) noexcept;
    /// Gets ready for a walk over the indexed text.
    bool rewind() noexcept;
    /// Makes `rewritten` a copy of the text with null for each NaN and infinity.
    bool rewrite_non_finite() noexcept;
    /// Whether the text begins with a bracket and its last token is one that closes it. If so, every walk is bounded
    /// without looking: what needs a token behind it (an opening bracket, a name, a colon, a comma) is not the last one,
    /// and behind the last one stands the first one again, an opening bracket, which never may follow a value.
    bool seal() noexcept;
    /// Checks a whole text that cannot be sealed: a scalar, or a text that is broken somewhere.
    template <bool Records>
    bool check_unsealed(csj_kind &root) noexcept;
    /// Checks the object or array at `token`, which lies inside `depth` others, and moves behind it. `Records`:
    /// appends its parts to `tokens`. `Bounded`: the text is not sealed.
    template <bool Records, bool Bounded>
    bool skip(uint32_t &token, uint32_t depth) noexcept;

    /// Checks a whole sealed text.
    template <bool Records>
    bool skip_all() noexcept {
        uint32_t token = 0;
        if (!skip<Records, false>(token, 0)) { return false; }
        return token == text.tokens ? true : fail(token);
    }

    bool fail(uint32_t token, csj_status why = CSJ_NOT_JSON) noexcept {
        status = why;
        error_offset = token < text.tokens ? text.structure[token] : text.length;
        return false;
    }

    /// The string at `token`: a slice of the text, or of `strings` if it has escapes; starts at null when it failed.
    csj::byte_view string(uint32_t token) noexcept { return string(text.bytes, text.structure, token); }

    /// The same for a caller that has the text in registers: the walks write through pointers, after which a compiler must
    /// take it that all members have changed.
    csj::byte_view string(const uint8_t *bytes, const uint32_t *structure, uint32_t token) noexcept {
        const uint32_t start = structure[token] + 1;
        uint32_t end = structure[token + 1];
        while (bytes[--end] != '"') {}
        if (__builtin_expect(text.backslash < end, 0)) { return unescape(token, end, true); }
        return {bytes + start, end - start};
    }

    /// The end of the memory that a string's bytes lie in.
    const uint8_t *limit_of(csj::byte_view string) const noexcept {
        const bool is_slice = uintptr_t(string.start) - uintptr_t(text.bytes) < text.length;
        return is_slice ? text.bytes + text.length : strings.data() + strings.capacity();
    }

    /// Checks the escapes of the string at `token`.
    bool check_string(uint32_t token) noexcept { return check_string(text.bytes, text.structure, token); }

    bool check_string(const uint8_t *bytes, const uint32_t *structure, uint32_t token) noexcept {
        uint32_t end = structure[token + 1];
        if (__builtin_expect(text.backslash >= end, 1)) { return true; }
        while (bytes[--end] != '"') {}
        return text.backslash >= end || unescape(token, end, false).start != nullptr;
    }

    /// The number or literal at `token`; absent when it failed.
    csj::scalar_token scalar(uint32_t token) noexcept {
        const csj::scalar_token found = csj::scalar(text.at(token), text.bytes + text.structure[token + 1]);
        if (__builtin_expect(found.kind == CSJ_ABSENT, 0)) { refuse_scalar(token); }
        return found;
    }

private:
    csj::byte_view unescape(uint32_t token, uint32_t end, bool keep) noexcept;
    void refuse_scalar(uint32_t token) noexcept;
};
