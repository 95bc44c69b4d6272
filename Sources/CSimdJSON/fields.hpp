// The wanted paths as a trie of member names, with the names of the envelope built in.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "csimdjson.h"

namespace csj {

/// Slots of `csj_envelope` in the order of its members, counted from 1; 0 is none.
enum slot : uint8_t {
    no_slot = 0,
    event_type,
    topic,
    timestamp,
    source,
    payload,
    event_id,
    tenant_id,
    traceparent,
    producer_id,
    sequence,
    hops,
    subject,
    partition_key,
    data_base64,
    spec_version,
    payload_run_id,
    payload_tenant_id,
    slot_count,
};

/// A state of the trie: the object (or the value) that some joined names lead to.
struct node {
    /// One bit of 64 for each child's name, see `filter_bit`: refuses most other names before any hashing.
    uint64_t filter = 0;
    /// First bytes that a name with dots must have to lead through a child: "a" of "a.b".
    uint64_t dotted_first[4] = {0, 0, 0, 0};
    /// The field whose path ends here, or -1.
    int32_t field = -1;
    bool has_children = false;
    bool has_dotted = false;
};

/// One child of one node. The words are the first and the last eight bytes of the name (both the whole name if it is
/// shorter), so together with the length they are the whole name up to 16 bytes.
struct edge {
    uint64_t head = 0;
    uint64_t tail = 0;
    uint32_t length = 0;
    uint32_t parent = 0;
    /// 0 in an unused place of the table.
    uint32_t child = 0;
    uint32_t name = 0;
    /// Index of its first mark. It has one for each number of names that one key of a text can lead over to it: "c",
    /// "b.c", "a.b.c". Objects that are read at the same time begin at different nodes, so no two of them share one.
    uint32_t mark = 0;
    csj::slot slot = no_slot;
};

struct name_words {
    uint64_t head;
    uint64_t tail;
};

/// `limit` ends the memory that may be read. Without branches on the length, which no processor could predict.
inline name_words words_of(const uint8_t *name, size_t length, const uint8_t *limit) noexcept {
    uint8_t copy[8] = {0};
    if (__builtin_expect(limit - name < 8, 0)) {
        std::memcpy(copy, name, length);
        name = copy;
    }
    const size_t short_length = length < 8 ? length : 8;
    const size_t behind = length - short_length;
    const uint64_t mask = short_length == 0 ? 0 : ~uint64_t(0) >> (64 - 8 * short_length);
    name_words words;
    std::memcpy(&words.head, name, 8);
    std::memcpy(&words.tail, name + behind, 8);
    words.head &= mask;
    words.tail &= mask;
    return words;
}

inline uint64_t hash_of(name_words words, size_t length, uint32_t parent) noexcept {
    uint64_t hash = words.head * 0x9E3779B97F4A7C15u ^ words.tail * 0xC2B2AE3D27D4EB4Fu;
    hash ^= (uint64_t(length) << 32 | parent) * 0x165667B19E3779F9u;
    return hash ^ hash >> 29 ^ hash >> 47;
}

inline uint64_t filter_bit(const uint8_t *name, size_t length) noexcept {
    const uint32_t first = length > 0 ? name[0] : 0;
    const uint32_t last = length > 0 ? name[length - 1] : 0;
    return uint64_t(1) << ((first * 5 + last * 11 + uint32_t(length) * 17) & 63);
}

inline bool has_bit(const uint64_t (&set)[4], uint8_t byte) noexcept { return set[byte >> 6] >> (byte & 63) & 1; }
inline void set_bit(uint64_t (&set)[4], uint8_t byte) noexcept { set[byte >> 6] |= uint64_t(1) << (byte & 63); }

/// The key that stood at some place of an earlier text. Producers write their keys in one order, so it is worth a look
/// before the key is read: two comparisons tell, the closing quote among them, and the end need not be searched.
struct key_guess {
    /// The longest name that two words hold together with its quote.
    static constexpr uint32_t longest = 15;

    /// The name's bytes and the quote behind it; the masks cut off what follows.
    uint64_t head = 0;
    uint64_t tail = 0;
    uint64_t head_mask = 0;
    uint64_t tail_mask = 0;
    /// Null when nobody wants the key.
    const csj::edge *edge = nullptr;
    uint32_t length = 0;
    /// The node at which this was found; 0 in an unused guess.
    uint32_t node = 0;

    bool is(const uint8_t *name) const noexcept {
        uint64_t words[2];
        std::memcpy(words, name, 16);
        return (((words[0] & head_mask) ^ head) | ((words[1] & tail_mask) ^ tail)) == 0;
    }

    /// `name`: no longer than `longest`, without escapes, and 16 bytes from its start may be read.
    void set(const uint8_t *name, uint32_t name_length, const csj::edge *found, uint32_t at) noexcept {
        uint64_t words[2];
        std::memcpy(words, name, 16);
        const uint32_t count = name_length + 1;
        head_mask = count >= 8 ? ~uint64_t(0) : ~uint64_t(0) >> (64 - 8 * count);
        tail_mask = count <= 8 ? 0 : ~uint64_t(0) >> (128 - 8 * count);
        head = words[0] & head_mask;
        tail = words[1] & tail_mask;
        edge = found;
        length = name_length;
        node = at;
    }
};

}  // namespace csj

struct csj_fields {
    /// Node 0 stands for everything that nobody wants.
    static constexpr uint32_t legacy_root = 1;
    static constexpr uint32_t cloud_root = 2;
    static constexpr uint32_t plain_root = 3;

    std::vector<csj::node> nodes;
    std::vector<csj::edge> edges;  // a hash table, open addressing
    std::string names;
    uint32_t mask = 0;
    /// How many marks all edges have together.
    uint32_t marks = 0;
    /// The field that `event_type` is, or -1.
    int32_t event_type_field = -1;
    /// Tells sets apart for parsers, also when a new one lies where an old one lay.
    uint64_t serial = 0;

    /// The edge that a name without dots leads over, or null. `limit` ends the memory around the name.
    const csj::edge *find(uint32_t parent, const uint8_t *name, size_t length, const uint8_t *limit) const noexcept {
        const csj::node &node = nodes[parent];
        if (!(node.filter & csj::filter_bit(name, length))) { return nullptr; }
        const csj::name_words words = csj::words_of(name, length, limit);
        for (uint32_t place = uint32_t(csj::hash_of(words, length, parent)) & mask;; place = (place + 1) & mask) {
            const csj::edge &edge = edges[place];
            if (edge.child == 0) { return nullptr; }
            if (edge.head == words.head && edge.tail == words.tail && edge.length == length && edge.parent == parent &&
                (length <= 16 || std::memcmp(names.data() + edge.name, name, length) == 0)) {
                return &edge;
            }
        }
    }

    /// The last edge that a name with dots leads over, or null, and how many it leads over.
    const csj::edge *find_dotted(uint32_t parent, const uint8_t *name, size_t length, uint32_t &steps) const noexcept;

    /// Whether it is worth looking for dots in a name that `find` did not find.
    bool may_be_dotted(uint32_t parent, const uint8_t *name, size_t length) const noexcept {
        const csj::node &node = nodes[parent];
        return node.has_dotted && length > 0 && csj::has_bit(node.dotted_first, name[0]) &&
               std::memchr(name, '.', length) != nullptr;
    }
};
