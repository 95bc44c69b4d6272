// The walk that takes out the envelope and the wanted leaves. One loop, no recursion: the objects and arrays that it is
// inside of are in `levels`; what nobody wants goes to `skip`.

#include <algorithm>

#include "parser.hpp"
#include "skip.hpp"

namespace csj {
namespace {

static_assert(sizeof(csj_envelope) >= sizeof(csj_slice) * (slot_count - 1), "one slice a slot");

class walker {
public:
    walker(csj_parser &parser, const csj_fields &fields, csj_envelope *envelope) noexcept
        : parser_(parser), fields_(fields), envelope_(envelope) {}

    /// False with the parser's status set, or with `restarts` when the text turned out to be a CloudEvent late.
    bool run(uint32_t root) noexcept;

    bool restarts = false;
    bool has_duplicate = false;

private:
    csj_parser &parser_;
    const csj_fields &fields_;
    /// Null for a text that is no envelope.
    csj_envelope *envelope_;
    uint32_t seen_slots_ = 0;
    uint32_t keys_ = 0;
    uint32_t arrays_ = 0;
    bool has_dropped_ = false;

    struct found {
        const csj::edge *edge;
        /// How many names the key was: 1, or more if it has dots.
        uint32_t steps;
        csj::slot slot;
    };

    bool read_key(level &level, const uint8_t *bytes, const uint32_t *structure, uint32_t token, byte_view &name,
                  found &member) noexcept;
    found look_up(level &level, byte_view name) noexcept;
    bool take_key(level &level, byte_view name, csj::slot slot) noexcept;
    void mark(level &level, found member) noexcept;
    void close_mark(level &level) noexcept;
    void drop(uint32_t first, uint32_t end) noexcept;
    bool finish() noexcept;
    bool has_repeated_key() noexcept;

    /// Stores member by member: a slice put together on the stack and copied whole would wait for its own parts.
    void set(csj::slot slot, const uint8_t *start, uint32_t length, csj_kind kind) noexcept {
        if (envelope_ == nullptr) { return; }
        csj_slice &slice = reinterpret_cast<csj_slice *>(envelope_)[slot - 1];
        slice.start = start;
        slice.length = length;
        slice.kind = kind;
    }
};

/// Reads the key at `token` and finds out who wants it. False when it is broken.
bool walker::read_key(level &level, const uint8_t *bytes, const uint32_t *structure, uint32_t token, byte_view &name,
                      found &member) noexcept {
    const uint8_t *start = bytes + structure[token] + 1;
    key_guess &guess = parser_.guesses[(level.node * 11 + level.keys++) & 127];
    const bool may_guess = bytes + parser_.text.length - start >= 16;
    if (may_guess && guess.node == level.node && guess.is(start)) {
        name = {start, guess.length};
        member = {guess.edge, 1, guess.edge == nullptr ? no_slot : guess.edge->slot};
        return true;
    }
    name = parser_.string(bytes, structure, token);
    if (name.start == nullptr) { return false; }
    member = look_up(level, name);
    // A name with escapes lies elsewhere; one that dots lead through is rare.
    if (may_guess && name.start == start && name.length <= key_guess::longest && member.steps <= 1) {
        guess.set(start, name.length, member.edge, level.node);
    }
    return true;
}

walker::found walker::look_up(level &level, byte_view name) noexcept {
    const edge *edge = fields_.find(level.node, name.start, name.length, parser_.limit_of(name));
    if (edge != nullptr) { return {edge, 1, edge->slot}; }
    if (!fields_.may_be_dotted(level.node, name.start, name.length)) { return {nullptr, 0, no_slot}; }
    uint32_t steps;
    edge = fields_.find_dotted(level.node, name.start, name.length, steps);
    return {edge, steps, no_slot};
}

/// Books a key of the envelope itself: each may come once, and `specversion` changes what the others mean.
bool walker::take_key(level &level, byte_view name, csj::slot slot) noexcept {
    ++keys_;
    if (slot == no_slot) {
        return parser_.other_keys.append(name) ? true : parser_.fail(0, CSJ_OUT_OF_MEMORY);
    }
    if (seen_slots_ & 1u << slot) { has_duplicate = true; }
    seen_slots_ |= 1u << slot;
    if (slot == spec_version && level.node == csj_fields::legacy_root) {
        if (keys_ > 1) {
            restarts = true;
            return false;
        }
        level.node = csj_fields::cloud_root;
    }
    return true;
}

void walker::close_mark(level &level) noexcept {
    if (level.open_mark == 0) { return; }
    parser_.marks[level.open_mark - 1].end_leaf = uint32_t(parser_.leaves.count());
    level.open_mark = 0;
}

/// Remembers where a wanted member's leaves begin; if the object had that member before, that one's leaves are void.
void walker::mark(level &level, found member) noexcept {
    close_mark(level);
    const uint32_t index = member.edge->mark + member.steps - 1;
    member_mark &mark = parser_.marks[index];
    if (mark.instance == level.instance) { drop(mark.first_leaf, mark.end_leaf); }
    mark.instance = level.instance;
    mark.first_leaf = uint32_t(parser_.leaves.count());
    level.open_mark = index + 1;
}

void walker::drop(uint32_t first, uint32_t end) noexcept {
    for (uint32_t index = first; index < end; ++index) { parser_.leaves[index].kind = CSJ_ABSENT; }
    has_dropped_ = has_dropped_ || first < end;
}

bool walker::run(uint32_t root) noexcept {
    // In registers, see `csj_parser::string`.
    const uint8_t *const bytes = parser_.text.bytes;
    const uint32_t *const structure = parser_.text.structure;
    const uint32_t max_depth = parser_.text.max_depth;
    const auto first_byte = [bytes, structure](uint32_t token) { return bytes[structure[token]]; };
    const node *nodes = fields_.nodes.data();
    uint32_t token = 0;
    uint32_t depth = 0;
    level *top = parser_.levels;
    uint32_t child = root;
    csj::slot slot = no_slot;
    int32_t place = -1;
    uint8_t byte = '{';

open_object:
    if (depth == max_depth) { return parser_.fail(token, CSJ_TOO_DEEP); }
    top = &parser_.levels[depth++];
    top->instance = ++parser_.instances;
    top->node = child;
    top->open_mark = 0;
    top->place = place;
    top->start = structure[token];
    top->keys = 0;
    top->slot = slot;
    top->is_array = false;
    byte = first_byte(++token);
    if (byte == '}') { goto close; }

key: {
    if (byte != '"') { return parser_.fail(token); }
    if (first_byte(token + 1) != ':') { return parser_.fail(token + 1); }
    byte_view name;
    found member;
    if (!read_key(*top, bytes, structure, token, name, member)) { return false; }
    slot = member.slot;
    if (depth == 1 && envelope_ != nullptr && !take_key(*top, name, slot)) { return false; }
    token += 2;
    byte = first_byte(token);
    child = 0;
    if (member.edge != nullptr) {
        child = member.edge->child;
        // An envelope that repeats a key is refused, so there is nothing to take back.
        const bool may_repeat = depth > 1 || envelope_ == nullptr;
        if (may_repeat && (nodes[child].field >= 0 || nodes[child].has_children)) { mark(*top, member); }
    }
    place = top->place;
    goto value;
}

element:
    child = top->node;
    slot = no_slot;
    place = top->place;
    if (byte == '{' || byte == '[') {
        place = int32_t(parser_.places.count());
        if (!parser_.places.append({top->place, top->array, top->element})) {
            return parser_.fail(token, CSJ_OUT_OF_MEMORY);
        }
    }

value:
    if (byte == '{' || byte == '[') {
        const node &wanted = nodes[child];
        if (child != 0 && byte == '{' && wanted.has_children) { goto open_object; }
        if (child != 0 && byte == '[' && (wanted.has_children || wanted.field >= 0)) { goto open_array; }
        const uint32_t start = structure[token];
        if (!parser_.skip<false, false>(token, depth)) { return false; }
        if (slot != no_slot) {
            const uint32_t end = structure[token - 1] + 1;
            set(slot, bytes + start, end - start, byte == '{' ? CSJ_OBJECT : CSJ_ARRAY);
        }
    } else if (byte == '"' && slot == no_slot && nodes[child].field < 0) {
        if (!parser_.check_string(bytes, structure, token)) { return false; }
        ++token;
    } else {
        const int32_t field = nodes[child].field;
        const uint8_t *start = bytes + structure[token];
        uint32_t length;
        csj_kind kind = CSJ_STRING;
        if (byte == '"') {
            const byte_view string = parser_.string(bytes, structure, token);
            start = string.start;
            length = string.length;
            if (start == nullptr) { return false; }
        } else {
            const scalar_token scalar = parser_.scalar(token);
            length = scalar.length;
            kind = scalar.kind;
            if (kind == CSJ_ABSENT) { return false; }
        }
        ++token;
        if (slot != no_slot) { set(slot, start, length, kind); }
        if (field >= 0 && !parser_.leaves.append({start, length, uint32_t(field), place, kind})) {
            return parser_.fail(token, CSJ_OUT_OF_MEMORY);
        }
    }

next:
    byte = first_byte(token);
    if (byte == ',') {
        byte = first_byte(++token);
        if (!top->is_array) { goto key; }
        ++top->element;
        goto element;
    }
    if (byte != (top->is_array ? ']' : '}')) { return parser_.fail(token); }

close:
    if (top->slot != no_slot) {
        const uint32_t end = structure[token] + 1;
        set(top->slot, bytes + top->start, end - top->start, top->is_array ? CSJ_ARRAY : CSJ_OBJECT);
    }
    ++token;
    if (!top->is_array) { close_mark(*top); }
    if (--depth != 0) {
        top = &parser_.levels[depth - 1];
        goto next;
    }
    if (token != parser_.text.tokens) { return parser_.fail(token); }
    return finish();

open_array:
    if (depth == max_depth) { return parser_.fail(token, CSJ_TOO_DEEP); }
    top = &parser_.levels[depth++];
    top->node = child;
    top->place = place;
    top->array = arrays_++;
    top->element = 0;
    top->start = structure[token];
    top->slot = slot;
    top->is_array = true;
    byte = first_byte(++token);
    if (byte == ']') { goto close; }
    goto element;
}

bool walker::finish() noexcept {
    if (has_dropped_) {
        csj_leaf *end = std::remove_if(parser_.leaves.data(), parser_.leaves.data() + parser_.leaves.count(),
                                       [](const csj_leaf &leaf) { return leaf.kind == CSJ_ABSENT; });
        parser_.leaves.truncate(size_t(end - parser_.leaves.data()));
    }
    if (envelope_ == nullptr) { return true; }
    has_duplicate = has_duplicate || has_repeated_key();
    if (envelope_->event_type.kind == CSJ_ABSENT && envelope_->topic.kind != CSJ_ABSENT) {
        // Rules see an older producer's topic as the event type that it is.
        const csj_slice topic = envelope_->topic;
        envelope_->event_type = topic;
        if (fields_.event_type_field >= 0 && topic.kind <= CSJ_STRING &&
            !parser_.leaves.append({topic.start, topic.length, uint32_t(fields_.event_type_field), -1, topic.kind})) {
            return parser_.fail(0, CSJ_OUT_OF_MEMORY);
        }
    }
    return true;
}

/// Whether two of the envelope's other keys are the same. A producer chooses them, so beyond a few they are sorted:
/// no choice of keys makes that slow.
bool walker::has_repeated_key() noexcept {
    byte_view *keys = parser_.other_keys.data();
    const size_t count = parser_.other_keys.count();
    const auto compare = [](const byte_view &lhs, const byte_view &rhs) {
        if (lhs.length != rhs.length) { return lhs.length < rhs.length ? -1 : 1; }
        return std::memcmp(lhs.start, rhs.start, lhs.length);
    };
    if (count <= 8) {
        for (size_t index = 1; index < count; ++index) {
            for (size_t other = 0; other < index; ++other) {
                if (compare(keys[index], keys[other]) == 0) { return true; }
            }
        }
        return false;
    }
    std::sort(keys, keys + count,
              [compare](const byte_view &lhs, const byte_view &rhs) { return compare(lhs, rhs) < 0; });
    return std::adjacent_find(keys, keys + count, [compare](const byte_view &lhs, const byte_view &rhs) {
               return compare(lhs, rhs) == 0;
           }) != keys + count;
}

/// Makes room for the marks of a field set; marks of another one mean nothing.
bool prepare_marks(csj_parser &parser, const csj_fields &fields) noexcept {
    if (parser.marks_serial == fields.serial) { return true; }
    parser.marks.truncate(0);
    if (!parser.marks.reserve(fields.marks)) { return parser.fail(0, CSJ_OUT_OF_MEMORY); }
    for (uint32_t index = 0; index < fields.marks; ++index) { parser.marks.append({0, 0, 0}); }
    parser.marks_serial = fields.serial;
    for (key_guess &guess : parser.guesses) { guess.node = 0; }
    return true;
}

bool walk_envelope(csj_parser &parser, const csj_fields &fields, csj_envelope &out) noexcept {
    out = csj_envelope();
    if (!parser.rewind()) { return false; }
    if (!parser.seal()) { return parser.check_unsealed<false>(out.root); }
    if (parser.text.first_byte(0) == '[') {
        out.root = CSJ_ARRAY;
        return parser.skip_all<false>();
    }
    walker first(parser, fields, &out);
    out.root = CSJ_OBJECT;
    bool is_fine = first.run(csj_fields::legacy_root);
    bool has_duplicate = first.has_duplicate;
    if (!is_fine && first.restarts) {
        out = csj_envelope();
        out.root = CSJ_OBJECT;
        if (!parser.rewind()) { return false; }
        walker second(parser, fields, &out);
        is_fine = second.run(csj_fields::cloud_root);
        has_duplicate = second.has_duplicate;
    }
    if (!is_fine) { return false; }
    return has_duplicate ? parser.fail(0, CSJ_DUPLICATE_KEY) : true;
}

}  // namespace
}  // namespace csj

extern "C" csj_status csj_read_envelope(csj_parser *parser, const csj_fields *fields, const uint8_t *bytes,
                                        size_t count, uint32_t max_depth, csj_envelope *out) noexcept {
    if (!csj::prepare_marks(*parser, *fields) || !parser->index(bytes, count, max_depth)) { return parser->status; }
    if (csj::walk_envelope(*parser, *fields, *out)) { return CSJ_OK; }
    if (!parser->met_non_finite) { return parser->status; }
    if (!parser->rewrite_non_finite()) { return parser->status; }
    const csj::buffer<uint8_t> &text = parser->rewritten;
    if (!parser->index(text.data(), text.count(), max_depth)) { return parser->status; }
    const bool is_fine = csj::walk_envelope(*parser, *fields, *out);
    out->had_non_finite = 1;
    return is_fine ? CSJ_OK : parser->status;
}

extern "C" csj_status csj_read_fields(csj_parser *parser, const csj_fields *fields, const uint8_t *bytes, size_t count,
                                      uint32_t max_depth, csj_kind *root) noexcept {
    if (!csj::prepare_marks(*parser, *fields) || !parser->index(bytes, count, max_depth) || !parser->rewind()) {
        return parser->status;
    }
    *root = CSJ_ABSENT;
    if (!parser->seal()) { return parser->check_unsealed<false>(*root) ? CSJ_OK : parser->status; }
    if (parser->text.first_byte(0) == '{') {
        *root = CSJ_OBJECT;
        return csj::walker(*parser, *fields, nullptr).run(csj_fields::plain_root) ? CSJ_OK : parser->status;
    }
    *root = CSJ_ARRAY;
    return parser->skip_all<false>() ? CSJ_OK : parser->status;
}
