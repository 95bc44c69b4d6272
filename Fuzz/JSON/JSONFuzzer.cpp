// A libFuzzer target for CSimdJSON; `scripts/fuzz` builds and runs it.
//
// The text lies in memory of exactly its size, so AddressSanitizer sees every byte that is read too many. What is
// accepted is compared with simdjson's DOM parser, and the three readers of CSimdJSON with each other.

#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "csimdjson.h"

namespace {

[[noreturn]] void differ(const char *what) {
    std::fprintf(stderr, "readers differ: %s\n", what);
    std::abort();
}

csj_fields *make_fields() {
    static const char paths[] = "payload.apayload.a.bpayload.run_idevent_typea.bsource";
    static const uint32_t lengths[] = {9, 11, 14, 10, 3, 6, 0};
    return csj_fields_create(reinterpret_cast<const uint8_t *>(paths), lengths, 7);
}

void check_leaves(const csj_parser *parser) {
    const csj_leaves found = csj_parser_leaves(parser);
    uint64_t sum = 0;
    for (uint32_t index = 0; index < found.leaf_count; ++index) {
        const csj_leaf &leaf = found.leaves[index];
        for (uint32_t byte = 0; byte < leaf.length; ++byte) { sum += leaf.start[byte]; }
        if (leaf.field >= 7 || leaf.place >= int32_t(found.place_count)) { differ("a leaf points nowhere"); }
        if (leaf.kind < CSJ_NULL || leaf.kind > CSJ_STRING) { differ("a leaf is no scalar"); }
    }
    for (uint32_t index = 0; index < found.place_count; ++index) {
        if (found.places[index].parent >= int32_t(index)) { differ("a place is before its parent"); }
    }
    volatile uint64_t used = sum;
    (void)used;
}

/// Compares with the DOM parser, which refuses more numbers (it converts them) but nothing else that is JSON.
void check_against_dom(const uint8_t *data, size_t size, csj_status status) {
    static simdjson::dom::parser *dom = new simdjson::dom::parser();
    if (dom->allocate(size < 64 ? 64 : size, 64)) { return; }
    const simdjson::padded_string padded(reinterpret_cast<const char *>(data), size);
    const simdjson::error_code error = dom->parse(padded).error();
    switch (error) {
    case simdjson::SUCCESS:
        // The DOM parser counts one level more.
        if (status != CSJ_OK && status != CSJ_TOO_DEEP) { differ("refused what the DOM parser takes"); }
        break;
    case simdjson::NUMBER_ERROR:
    case simdjson::DEPTH_ERROR:
    case simdjson::CAPACITY:
        break;
    default:
        if (status == CSJ_OK) { differ(simdjson::error_message(error)); }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static csj_fields *fields = make_fields();
    static csj_parser *parser = csj_parser_create();
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[size]);
    if (size > 0) { std::memcpy(exact.get(), data, size); }

    csj_kind root;
    const csj_status fields_status = csj_read_fields(parser, fields, exact.get(), size, 64, &root);
    if (fields_status == CSJ_OK) { check_leaves(parser); }

    csj_envelope envelope;
    const csj_status envelope_status = csj_read_envelope(parser, fields, exact.get(), size, 64, &envelope);
    if (envelope_status == CSJ_OK) { check_leaves(parser); }

    const csj_status token_status = csj_read_tokens(parser, exact.get(), size, 64);
    if (csj_parser_error_offset(parser) > size) { differ("an error behind the end"); }
    if (token_status != fields_status) { differ("tokens and fields"); }
    const bool envelope_is_json = envelope_status == CSJ_OK || envelope_status == CSJ_DUPLICATE_KEY;
    if (token_status == CSJ_OK && !envelope_is_json) { differ("the envelope reader is stricter"); }
    if (token_status != CSJ_OK && envelope_is_json && !envelope.had_non_finite) { differ("the envelope reader is laxer"); }
    check_against_dom(exact.get(), size, token_status);
    return 0;
}
