// A plain C face of simdjson for the one Swift target above it.
//
// One call reads one JSON text once. simdjson's structural indexer (its SIMD half, picked for the machine at run time)
// finds the structure and checks UTF-8 and the strings' ends; an own walk over that structure then checks the whole
// grammar and takes out only what is needed. simdjson's On-Demand front end is not used: it leaves unchecked what it
// skips, so that whether a broken event is refused would depend on what the rules happen to read.
//
// No exception leaves these functions, none of them recurses, none reads a byte outside [bytes, bytes + count), and
// none needs padding behind the text. A parser belongs to one thread at a time; a field set is immutable.
#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define CSJ_NOEXCEPT noexcept
extern "C" {
#else
#define CSJ_NOEXCEPT
#endif

#define CSJ_CLOSED __attribute__((enum_extensibility(closed)))

/// How a call ended.
typedef enum CSJ_CLOSED csj_status : uint8_t {
    CSJ_OK = 0,
    /// Not one JSON text: grammar, a bad escape, a lone surrogate, nothing at all, or more behind the end.
    CSJ_NOT_JSON,
    CSJ_INVALID_UTF8,
    /// More objects and arrays inside each other than allowed.
    CSJ_TOO_DEEP,
    /// An envelope with one key twice.
    CSJ_DUPLICATE_KEY,
    /// Longer than 4 GiB - 64, which offsets cannot hold.
    CSJ_TOO_LONG,
    CSJ_OUT_OF_MEMORY,
} csj_status;

/// What a piece of JSON is.
typedef enum CSJ_CLOSED csj_kind : uint8_t {
    CSJ_ABSENT = 0,
    CSJ_NULL,
    CSJ_FALSE,
    CSJ_TRUE,
    CSJ_NUMBER,
    CSJ_STRING,
    CSJ_OBJECT,
    CSJ_ARRAY,
    /// Only in tokens: a member's name; the end of the object or array that began last.
    CSJ_KEY,
    CSJ_END,
} csj_kind;

/// A value, or none (`CSJ_ABSENT`). Strings: the bytes they mean, without quotes and escapes. Numbers: as written.
/// Objects and arrays: as written, with their brackets.
typedef struct csj_slice {
    const uint8_t *start;
    uint32_t length;
    csj_kind kind;
} csj_slice;

/// What an envelope holds. CloudEvents names are under the names of the legacy form.
typedef struct csj_envelope {
    csj_slice event_type;  // type
    csj_slice topic;       // legacy form only
    csj_slice timestamp;   // time
    csj_slice source;
    csj_slice payload;   // data
    csj_slice event_id;  // id
    csj_slice tenant_id;
    csj_slice traceparent;
    csj_slice producer_id;
    csj_slice sequence;
    csj_slice hops;           // aos_hops
    csj_slice subject;        // CloudEvents only
    csj_slice partition_key;  // CloudEvents only, partitionkey
    csj_slice data_base64;    // CloudEvents only
    csj_slice spec_version;   // present: the text is a CloudEvent
    csj_slice payload_run_id;
    csj_slice payload_tenant_id;
    /// What the whole text is; everything above is absent unless it is an object.
    csj_kind root;
    /// Whether the text held NaN or an infinity, which were read as null. The slices then point into the parser.
    uint8_t had_non_finite;
} csj_envelope;

/// A scalar at a path that was asked for.
typedef struct csj_leaf {
    const uint8_t *start;
    uint32_t length;
    /// Index of the path in the field set.
    uint32_t field;
    /// Index of its place, or -1 outside arrays. A scalar that is itself an element has the place of its array.
    int32_t place;
    csj_kind kind;
} csj_leaf;

/// One element (an object or an array) of one array of the text.
typedef struct csj_place {
    /// The place that the array itself is at, or -1.
    int32_t parent;
    /// Which array of the text, by order of appearance.
    uint32_t array;
    uint32_t index;
} csj_place;

/// The paths that are wanted.
typedef struct csj_fields csj_fields;
/// The scratch space of one reader.
typedef struct csj_parser csj_parser;

typedef struct csj_leaves {
    const csj_leaf *leaves;
    const csj_place *places;
    uint32_t leaf_count;
    uint32_t place_count;
} csj_leaves;

typedef struct csj_tokens {
    const csj_slice *tokens;
    uint32_t count;
} csj_tokens;

/// A set of `count` distinct paths, given as their bytes one behind the other and the length of each. A path is member
/// names joined by dots; the name "a.b" and "b" inside "a" are the same path. NULL without memory.
csj_fields *csj_fields_create(const uint8_t *paths, const uint32_t *lengths, uint32_t count) CSJ_NOEXCEPT;
void csj_fields_destroy(csj_fields *fields) CSJ_NOEXCEPT;

/// NULL without memory.
csj_parser *csj_parser_create(void) CSJ_NOEXCEPT;
void csj_parser_destroy(csj_parser *parser) CSJ_NOEXCEPT;

/// Reads an envelope: `out`, and the leaves of `fields`. A key twice in the envelope is refused, deeper the last wins.
/// NaN and the infinities are read as null. What it gives out is good until the parser is used again and as long as
/// the text is.
csj_status csj_read_envelope(csj_parser *parser, const csj_fields *fields, const uint8_t *bytes, size_t count,
                             uint32_t max_depth, csj_envelope *out) CSJ_NOEXCEPT;

/// Reads any JSON text: the leaves of `fields` if it is an object. Of a key twice the last wins.
csj_status csj_read_fields(csj_parser *parser, const csj_fields *fields, const uint8_t *bytes, size_t count,
                           uint32_t max_depth, csj_kind *root) CSJ_NOEXCEPT;

/// Reads any JSON text into tokens, every one of its values in order.
csj_status csj_read_tokens(csj_parser *parser, const uint8_t *bytes, size_t count, uint32_t max_depth) CSJ_NOEXCEPT;

/// The leaves of the last envelope or text that was read.
csj_leaves csj_parser_leaves(const csj_parser *parser) CSJ_NOEXCEPT;
/// The tokens of the last text that was read.
csj_tokens csj_parser_tokens(const csj_parser *parser) CSJ_NOEXCEPT;
/// Where the last reading stopped, in bytes from the start of the text; meant for people.
size_t csj_parser_error_offset(const csj_parser *parser) CSJ_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
