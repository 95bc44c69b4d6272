#include "fields.hpp"

#include <atomic>
#include <map>
#include <new>
#include <utility>

namespace csj {
namespace {

struct named_slot {
    const char *name;
    csj::slot slot;
};

constexpr named_slot legacy_names[] = {
    {"event_type", event_type},   {"topic", topic},       {"timestamp", timestamp},     {"source", source},
    {"payload", payload},         {"event_id", event_id}, {"tenant_id", tenant_id},     {"traceparent", traceparent},
    {"producer_id", producer_id}, {"sequence", sequence}, {"aos_hops", hops},           {"specversion", spec_version},
};

/// A CloudEvents name, the name that rules know it by, and its slot.
struct cloud_name {
    const char *name;
    const char *alias;
    csj::slot slot;
};

constexpr cloud_name cloud_names[] = {
    {"type", "event_type", event_type},
    {"time", "timestamp", timestamp},
    {"data", "payload", payload},
    {"id", "event_id", event_id},
    {"source", "source", source},
    {"tenant_id", "tenant_id", tenant_id},
    {"traceparent", "traceparent", traceparent},
    {"producer_id", "producer_id", producer_id},
    {"sequence", "sequence", sequence},
    {"aos_hops", "aos_hops", hops},
    {"specversion", "specversion", spec_version},
    {"subject", "subject", subject},
    {"partitionkey", "partitionkey", partition_key},
    {"data_base64", "data_base64", data_base64},
};

/// Legacy names that a CloudEvent means by other names; as attributes of a CloudEvent they are unknown keys.
constexpr const char *renamed[] = {"event_type", "timestamp", "payload", "event_id", "topic"};

struct target {
    uint32_t child;
    csj::slot slot;
};

using edge_map = std::map<std::pair<uint32_t, std::string>, target>;

class builder {
public:
    explicit builder(csj_fields &fields) : fields_(fields), depths_(4, 0) { fields_.nodes.resize(4); }

    void build(const uint8_t *paths, const uint32_t *lengths, uint32_t count) {
        for (uint32_t index = 0; index < count; paths += lengths[index], ++index) {
            const std::string path(reinterpret_cast<const char *>(paths), lengths[index]);
            fields_.nodes[add(csj_fields::plain_root, path)].field = int32_t(index);
            if (path == "event_type") { fields_.event_type_field = int32_t(index); }
        }
        for (const named_slot &name : legacy_names) { add(csj_fields::plain_root, name.name); }
        copy_plain_root(csj_fields::legacy_root);
        copy_plain_root(csj_fields::cloud_root);
        for (const named_slot &name : legacy_names) { edge(csj_fields::legacy_root, name.name).slot = name.slot; }
        name_cloud_root();
        const uint32_t inside = edge(csj_fields::legacy_root, "payload").child;
        add(inside, "run_id");
        add(inside, "tenant_id");
        edge(inside, "run_id").slot = payload_run_id;
        edge(inside, "tenant_id").slot = payload_tenant_id;
        finish();
    }

private:
    csj_fields &fields_;
    edge_map edges_;
    /// How many names lead to a node.
    std::vector<uint32_t> depths_;

    target &edge(uint32_t parent, const std::string &name) { return edges_.at({parent, name}); }

    uint32_t add(uint32_t parent, const std::string &path) {
        size_t start = 0;
        while (true) {
            const size_t dot = path.find('.', start);
            const std::string name = path.substr(start, dot == std::string::npos ? dot : dot - start);
            auto found = edges_.find({parent, name});
            if (found == edges_.end()) {
                const uint32_t child = uint32_t(fields_.nodes.size());
                fields_.nodes.emplace_back();
                depths_.push_back(depths_[parent] + 1);
                found = edges_.insert({{parent, name}, {child, no_slot}}).first;
            }
            parent = found->second.child;
            if (dot == std::string::npos) { return parent; }
            start = dot + 1;
        }
    }

    /// The three roots share everything below them.
    void copy_plain_root(uint32_t root) {
        edge_map copies;
        for (const auto &entry : edges_) {
            if (entry.first.first == csj_fields::plain_root) { copies[{root, entry.first.second}] = entry.second; }
        }
        edges_.insert(copies.begin(), copies.end());
    }

    void name_cloud_root() {
        for (const char *name : renamed) { edges_.erase({csj_fields::cloud_root, name}); }
        for (const cloud_name &name : cloud_names) {
            const uint32_t child = add(csj_fields::plain_root, name.alias);
            edges_[{csj_fields::cloud_root, name.name}] = {child, name.slot};
        }
    }

    void finish() {
        for (const auto &entry : edges_) { fields_.nodes[entry.first.first].has_children = true; }
        uint32_t size = 16;
        while (size < edges_.size() * 4) { size *= 2; }
        fields_.edges.resize(size);
        fields_.mask = size - 1;
        for (const auto &entry : edges_) { insert(entry.first.first, entry.first.second, entry.second); }
    }

    void insert(uint32_t parent, const std::string &name, target target) {
        node &node = fields_.nodes[parent];
        const auto *bytes = reinterpret_cast<const uint8_t *>(name.data());
        node.filter |= filter_bit(bytes, name.size());
        if (fields_.nodes[target.child].has_children) {
            node.has_dotted = true;
            set_bit(node.dotted_first, name.empty() ? uint8_t('.') : bytes[0]);
        }
        csj::edge edge;
        const name_words words = words_of(bytes, name.size(), bytes + name.size());
        edge.head = words.head;
        edge.tail = words.tail;
        edge.length = uint32_t(name.size());
        edge.parent = parent;
        edge.child = target.child;
        edge.name = uint32_t(fields_.names.size());
        edge.slot = target.slot;
        edge.mark = fields_.marks;
        fields_.marks += depths_[parent] + 1;
        fields_.names += name;
        uint32_t place = uint32_t(hash_of(words, name.size(), parent)) & fields_.mask;
        while (fields_.edges[place].child != 0) { place = (place + 1) & fields_.mask; }
        fields_.edges[place] = edge;
    }
};

std::atomic<uint64_t> serials{0};

}  // namespace
}  // namespace csj

const csj::edge *csj_fields::find_dotted(uint32_t parent, const uint8_t *name, size_t length,
                                         uint32_t &steps) const noexcept {
    const uint8_t *end = name + length;
    for (steps = 1;; ++steps) {
        const void *found = std::memchr(name, '.', size_t(end - name));
        const uint8_t *dot = found == nullptr ? end : static_cast<const uint8_t *>(found);
        const csj::edge *edge = find(parent, name, size_t(dot - name), end);
        if (edge == nullptr || dot == end) { return edge; }
        parent = edge->child;
        name = dot + 1;
    }
}

extern "C" csj_fields *csj_fields_create(const uint8_t *paths, const uint32_t *lengths, uint32_t count) noexcept {
    try {
        auto fields = std::make_unique<csj_fields>();
        csj::builder(*fields).build(paths, lengths, count);
        fields->serial = csj::serials.fetch_add(1) + 1;
        return fields.release();
    } catch (...) {
        return nullptr;
    }
}

extern "C" void csj_fields_destroy(csj_fields *fields) noexcept { delete fields; }
