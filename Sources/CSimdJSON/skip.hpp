// The walk over what nobody reads, and over what is read whole. One loop, no recursion.
#pragma once

#include "parser.hpp"

template <bool Records, bool Bounded>
bool csj_parser::skip(uint32_t &at, uint32_t depth) noexcept {
    const uint32_t outside = depth;
    // One bit a level, the innermost lowest: whether it is an object. That is why 64 levels are the most.
    uint64_t objects = 0;
    uint32_t token = at;
    uint8_t byte;

#define CSJ_RECORD(value)                                                                    \
    if (Records && !tokens.append(value)) { return fail(token, CSJ_OUT_OF_MEMORY); }
#define CSJ_BOUND(last)                                                                      \
    if (Bounded && (last) >= text.tokens) { return fail(last); }

open:
    if (depth == text.max_depth) { return fail(token, CSJ_TOO_DEEP); }
    ++depth;
    byte = text.first_byte(token);
    objects = objects << 1 | (byte == '{');
    CSJ_RECORD((csj_slice{text.at(token), 0, byte == '{' ? CSJ_OBJECT : CSJ_ARRAY}));
    ++token;
    CSJ_BOUND(token);
    byte = text.first_byte(token);
    if (objects & 1) {
        if (byte == '}') { goto close; }
        goto key;
    }
    if (byte == ']') { goto close; }
    goto value;

key:
    CSJ_BOUND(token + 2);
    if (byte != '"' || text.first_byte(token + 1) != ':') { return fail(byte == '"' ? token + 1 : token); }
    if (Records) {
        const csj::byte_view name = string(token);
        if (name.start == nullptr) { return false; }
        CSJ_RECORD((csj_slice{name.start, name.length, CSJ_KEY}));
    } else if (!check_string(token)) {
        return false;
    }
    token += 2;
    byte = text.first_byte(token);

value:
    if (byte == '"') {
        if (Records) {
            const csj::byte_view value = string(token);
            if (value.start == nullptr) { return false; }
            CSJ_RECORD((csj_slice{value.start, value.length, CSJ_STRING}));
        } else if (!check_string(token)) {
            return false;
        }
    } else if (byte == '{' || byte == '[') {
        goto open;
    } else {
        const csj::scalar_token value = scalar(token);
        if (value.kind == CSJ_ABSENT) { return false; }
        CSJ_RECORD((csj_slice{text.at(token), value.length, value.kind}));
    }
    ++token;

next:
    CSJ_BOUND(token);
    byte = text.first_byte(token);
    if (byte == ',') {
        ++token;
        CSJ_BOUND(token);
        byte = text.first_byte(token);
        if (objects & 1) { goto key; }
        goto value;
    }
    if (byte != (objects & 1 ? '}' : ']')) { return fail(token); }

close:
    CSJ_RECORD((csj_slice{text.at(token), 0, CSJ_END}));
    ++token;
    --depth;
    objects >>= 1;
    if (depth != outside) { goto next; }
    at = token;
    return true;

#undef CSJ_RECORD
#undef CSJ_BOUND
}
