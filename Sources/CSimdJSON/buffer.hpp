// A growing array of plain values that reports a failed allocation instead of throwing.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <type_traits>

namespace csj {

template <typename Element>
class buffer {
    static_assert(std::is_trivially_copyable<Element>::value, "grown with realloc");

public:
    buffer() = default;
    buffer(const buffer &) = delete;
    buffer &operator=(const buffer &) = delete;
    ~buffer() { std::free(data_); }

    /// Makes room for `capacity` elements in all. False without memory.
    bool reserve(size_t capacity) noexcept {
        if (capacity <= capacity_) { return true; }
        size_t grown = capacity_ < 32 ? 64 : capacity_ * 2;
        if (grown < capacity) { grown = capacity; }
        void *moved = std::realloc(static_cast<void *>(data_), grown * sizeof(Element));
        if (moved == nullptr) { return false; }
        data_ = static_cast<Element *>(moved);
        capacity_ = grown;
        return true;
    }

    bool append(const Element &element) noexcept {
        if (__builtin_expect(count_ == capacity_, 0) && !reserve(count_ + 1)) { return false; }
        data_[count_++] = element;
        return true;
    }

    /// Forgets the elements; gives memory back when one unusual text had made it large.
    void clear(size_t keep_bytes = size_t(1) << 20) noexcept {
        count_ = 0;
        if (__builtin_expect(capacity_ * sizeof(Element) > keep_bytes, 0)) {
            std::free(data_);
            data_ = nullptr;
            capacity_ = 0;
        }
    }

    void truncate(size_t count) noexcept { count_ = count; }
    size_t count() const noexcept { return count_; }
    size_t capacity() const noexcept { return capacity_; }
    Element *data() noexcept { return data_; }
    const Element *data() const noexcept { return data_; }
    Element &operator[](size_t index) noexcept { return data_[index]; }

private:
    Element *data_ = nullptr;
    size_t count_ = 0;
    size_t capacity_ = 0;
};

}  // namespace csj
