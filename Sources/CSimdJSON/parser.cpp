#include "parser.hpp"

#include <new>

#include "skip.hpp"

bool csj_parser::index(const uint8_t *bytes, size_t count, uint32_t max_depth) noexcept {
    text = csj::indexed_text();
    text.max_depth = max_depth < csj::deepest ? max_depth : csj::deepest;
    met_non_finite = false;
    error_offset = 0;
    if (count > UINT32_MAX - 64) { return fail(0, CSJ_TOO_LONG); }
    if (count == 0) { return fail(0); }
    if (!indexer || indexer->capacity() <= count) {
        size_t capacity = 1024;
        while (capacity <= count) { capacity *= 2; }
        if (capacity > UINT32_MAX - 64) { capacity = UINT32_MAX - 64; }
        const auto failed = indexer ? indexer->set_capacity(capacity)
                                    : simdjson::get_active_implementation()->create_dom_parser_implementation(
                                          capacity, csj::deepest, indexer);
        if (failed) {
            indexer.reset();
            return fail(0, CSJ_OUT_OF_MEMORY);
        }
        // The indexer for machines without vector instructions leaves UTF-8 unchecked, the others check it in passing.
        kernel_skips_utf8 = simdjson::get_active_implementation()->name() == "fallback";
    }
    if (kernel_skips_utf8 && !simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), count)) {
        return fail(0, CSJ_INVALID_UTF8);
    }
    if (indexer->stage1(bytes, count, simdjson::stage1_mode::regular)) {
        // The indexer stops at what it finds first; which that is differs between its kernels. Ours is UTF-8 first.
        const bool is_utf8 = simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), count);
        return fail(0, is_utf8 ? CSJ_NOT_JSON : CSJ_INVALID_UTF8);
    }
    text.bytes = bytes;
    text.structure = indexer->structural_indexes.get();
    text.tokens = indexer->n_structural_indexes;
    text.length = uint32_t(count);
    return text.tokens > 0 ? true : fail(0);
}

bool csj_parser::rewind() noexcept {
    const void *found = std::memchr(text.bytes, '\\', text.length);
    text.backslash = found == nullptr ? text.length : uint32_t(static_cast<const uint8_t *>(found) - text.bytes);
    leaves.clear();
    places.clear();
    tokens.clear();
    other_keys.clear();
    strings.clear();
    if (found != nullptr && !strings.reserve(text.length)) { return fail(0, CSJ_OUT_OF_MEMORY); }
    return true;
}

bool csj_parser::seal() noexcept {
    const uint8_t first = text.first_byte(0);
    const uint8_t last = text.first_byte(text.tokens - 1);
    if (!(first == '{' && last == '}') && !(first == '[' && last == ']')) { return false; }
    // The indexer's array has room for more entries than there are bytes.
    text.structure[text.tokens] = text.structure[0];
    return true;
}

template <bool Records>
bool csj_parser::check_unsealed(csj_kind &root) noexcept {
    text.structure[text.tokens] = text.length;
    const uint8_t first = text.first_byte(0);
    uint32_t token = 0;
    if (first == '{' || first == '[') {
        root = first == '{' ? CSJ_OBJECT : CSJ_ARRAY;
        if (!skip<Records, true>(token, 0)) { return false; }
        return token == text.tokens ? true : fail(token);
    }
    csj_slice slice = {text.at(0), 0, CSJ_STRING};
    if (first == '"') {
        const csj::byte_view value = string(0);
        if (value.start == nullptr) { return false; }
        slice.start = value.start;
        slice.length = value.length;
    } else {
        const csj::scalar_token value = scalar(0);
        if (value.kind == CSJ_ABSENT) { return false; }
        slice.length = value.length;
        slice.kind = value.kind;
    }
    root = slice.kind;
    if (text.tokens != 1) { return fail(1); }
    return !Records || tokens.append(slice) ? true : fail(0, CSJ_OUT_OF_MEMORY);
}

template bool csj_parser::check_unsealed<false>(csj_kind &) noexcept;
template bool csj_parser::check_unsealed<true>(csj_kind &) noexcept;

csj::byte_view csj_parser::unescape(uint32_t token, uint32_t end, bool keep) noexcept {
    uint8_t *written = strings.data() + strings.count();
    const uint8_t *stop = csj::unescape(text.at(token) + 1, text.bytes + end, written);
    if (stop == nullptr) {
        fail(token);
        return {nullptr, 0};
    }
    const uint32_t length = uint32_t(stop - written);
    if (keep) { strings.truncate(strings.count() + length); }
    const void *found = std::memchr(text.bytes + end, '\\', text.length - end);
    text.backslash = found == nullptr ? text.length : uint32_t(static_cast<const uint8_t *>(found) - text.bytes);
    return {written, length};
}

void csj_parser::refuse_scalar(uint32_t token) noexcept {
    met_non_finite = csj::non_finite_length(text.at(token), text.bytes + text.structure[token + 1]) != 0;
    fail(token);
}

bool csj_parser::rewrite_non_finite() noexcept {
    rewritten.clear();
    // The longest growth is four bytes for three, and a number is followed by at least one byte that stays.
    if (!rewritten.reserve(size_t(text.length) + text.length / 3 + 64)) { return fail(0, CSJ_OUT_OF_MEMORY); }
    text.structure[text.tokens] = text.length;
    uint8_t *out = rewritten.data();
    uint32_t copied = 0;
    for (uint32_t token = 0; token < text.tokens; ++token) {
        const uint8_t byte = text.first_byte(token);
        if (byte != 'N' && byte != 'I' && byte != '-') { continue; }
        const size_t length = csj::non_finite_length(text.at(token), text.bytes + text.structure[token + 1]);
        if (length == 0) { continue; }
        const uint32_t start = text.structure[token];
        std::memcpy(out, text.bytes + copied, start - copied);
        out += start - copied;
        std::memcpy(out, "null", 4);
        out += 4;
        copied = start + uint32_t(length);
    }
    std::memcpy(out, text.bytes + copied, text.length - copied);
    out += text.length - copied;
    rewritten.truncate(size_t(out - rewritten.data()));
    return true;
}

extern "C" csj_parser *csj_parser_create(void) noexcept { return new (std::nothrow) csj_parser(); }

extern "C" void csj_parser_destroy(csj_parser *parser) noexcept { delete parser; }

extern "C" csj_status csj_read_tokens(csj_parser *parser, const uint8_t *bytes, size_t count,
                                      uint32_t max_depth) noexcept {
    if (!parser->index(bytes, count, max_depth) || !parser->rewind()) { return parser->status; }
    csj_kind root;
    const bool is_fine = parser->seal() ? parser->skip_all<true>() : parser->check_unsealed<true>(root);
    return is_fine ? CSJ_OK : parser->status;
}

extern "C" csj_leaves csj_parser_leaves(const csj_parser *parser) noexcept {
    return {parser->leaves.data(), parser->places.data(), uint32_t(parser->leaves.count()),
            uint32_t(parser->places.count())};
}

extern "C" csj_tokens csj_parser_tokens(const csj_parser *parser) noexcept {
    return {parser->tokens.data(), uint32_t(parser->tokens.count())};
}

extern "C" size_t csj_parser_error_offset(const csj_parser *parser) noexcept { return parser->error_offset; }
