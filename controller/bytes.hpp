#pragma once
#include "model/ids.hpp"
#include "model/units.hpp"

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace ballast {

/// Small values first: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
constexpr std::uint64_t zigzag(std::int64_t v) {
    return (static_cast<std::uint64_t>(v) << 1) ^ (v < 0 ? ~std::uint64_t{0} : 0);
}
constexpr std::int64_t unzigzag(std::uint64_t v) {
    return static_cast<std::int64_t>((v >> 1) ^ (v & 1 ? ~std::uint64_t{0} : 0));
}

/// A time as its distance from `base`, so that it takes a byte or two; "for ever" takes one. Total: every pair of
/// 64-bit times has one code, and `unpack_time` gives it back.
constexpr std::uint64_t pack_time(std::int64_t at, std::int64_t base) {
    constexpr auto forever = INT64_MAX;
    if (at == forever) return 0;
    const auto distance = [&](std::int64_t t) {
        return zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(base)));
    };
    const std::uint64_t code = distance(at);
    return (code == UINT64_MAX ? distance(forever) : code) + 1;  // The code that "for ever" left free.
}
constexpr std::int64_t unpack_time(std::uint64_t code, std::int64_t base) {
    constexpr auto forever = INT64_MAX;
    if (code == 0) return forever;
    const auto plus = [&](std::int64_t d) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(d));
    };
    const std::int64_t at = plus(unzigzag(code - 1));
    return at == forever ? plus(INT64_MIN) : at;
}

/// Appends to a string: LEB128 varints, no padding, no field names. What wrote it must read it, so a version goes first.
class Writer {
public:
    explicit Writer(std::string& out) : out_{&out} {}

    void byte(std::uint8_t v) { out_->push_back(static_cast<char>(v)); }
    void number(std::uint64_t v) {
        char bytes[10];
        std::size_t n = 0;
        for (; v >= 0x80; v >>= 7) bytes[n++] = static_cast<char>(v | 0x80);
        bytes[n++] = static_cast<char>(v);
        out_->append(bytes, n);
    }
    void integer(std::int64_t v) { number(zigzag(v)); }
    /// The low `bytes` bytes of `v`, lowest first.
    void packed(std::uint64_t v, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i) byte(static_cast<std::uint8_t>(v >> (8 * i)));
    }
    void range(Range r) {
        number(r.first);
        integer(std::int64_t{r.last} - std::int64_t{r.first});
    }
    void text(std::string_view s) {
        number(s.size());
        out_->append(s);
    }
    void time(Steady t, Steady base) { time(t.time_since_epoch().count(), base.time_since_epoch().count()); }
    void time(Instant t, Instant base) { time(t.time_since_epoch().count(), base.time_since_epoch().count()); }

private:
    void time(std::int64_t at, std::int64_t base) { number(pack_time(at, base)); }

    std::string* out_;
};

/// The same calls as Writer's, folded into 64 bits instead of written: what two runs compare, at a nanosecond a value.
/// No protection against someone who wants a collision.
class Digest {
public:
    constexpr explicit Digest(std::uint64_t seed = 0) : hash_{seed ^ 0x9e3779b97f4a7c15} {}

    void byte(std::uint8_t v) { mix(v); }
    constexpr void number(std::uint64_t v) { mix(v); }
    void integer(std::int64_t v) { mix(static_cast<std::uint64_t>(v)); }
    void packed(std::uint64_t v, unsigned) { mix(v); }
    void range(Range r) { mix(std::uint64_t{r.first} << 32 | r.last); }
    void text(std::string_view s) {
        mix(s.size());
        for (; s.size() >= 8; s.remove_prefix(8)) mix(word(s.substr(0, 8)));
        mix(word(s));
    }
    void time(Steady t, Steady base) { mix(since(t.time_since_epoch().count(), base.time_since_epoch().count())); }
    void time(Instant t, Instant base) { mix(since(t.time_since_epoch().count(), base.time_since_epoch().count())); }

    constexpr std::uint64_t value() const {
        std::uint64_t h = hash_;
        h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
        h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
        return h ^ h >> 33;
    }

private:
    static std::uint64_t word(std::string_view s) {
        std::uint64_t v = 0;
        for (const char c : s) v = v << 8 | static_cast<unsigned char>(c);
        return v;
    }
    static std::uint64_t since(std::int64_t at, std::int64_t base) {
        return at == INT64_MAX ? static_cast<std::uint64_t>(at)
                               : static_cast<std::uint64_t>(at) - static_cast<std::uint64_t>(base);
    }
    constexpr void mix(std::uint64_t v) { hash_ = (std::rotl(hash_, 5) ^ v) * 0x517cc1b727220a95; }

    std::uint64_t hash_;
};

/// Reads what Writer wrote, or anything else: past the end, or after the first byte that cannot be right, every answer
/// is 0 or empty and `ok()` is false. Ask once, at the end; ask `ok()` in loops whose count was read.
class Reader {
public:
    explicit Reader(std::string_view bytes) : left_{bytes} {}

    bool ok() const { return ok_; }
    bool at_end() const { return left_.empty(); }
    std::size_t left() const { return left_.size(); }
    void fail() {
        ok_ = false;
        left_ = {};
    }

    std::uint8_t byte() {
        if (left_.empty()) return fail(), std::uint8_t{0};
        const auto v = static_cast<std::uint8_t>(left_.front());
        left_.remove_prefix(1);
        return v;
    }
    std::uint64_t number() {
        std::uint64_t v = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint64_t b = byte();
            if (!ok_) return 0;
            if (shift == 63 && b > 1) break;
            v |= (b & 0x7f) << shift;
            if (b < 0x80) {
                if (b == 0 && shift > 0) break;  // Longer than need be: two encodings of one value.
                return v;
            }
        }
        return fail(), 0;
    }
    std::int64_t integer() { return unzigzag(number()); }
    std::uint64_t packed(unsigned bytes) {
        std::uint64_t v = 0;
        for (unsigned i = 0; i < bytes; ++i) v |= std::uint64_t{byte()} << (8 * i);
        return ok_ ? v : 0;
    }
    /// A number of at most `most`.
    std::uint64_t number_to(std::uint64_t most) {
        const std::uint64_t v = number();
        return v <= most ? v : (fail(), 0);
    }
    /// An enumerator of at most `last`.
    template <class Enum>
    Enum choice(Enum last) {
        const std::uint8_t v = byte();
        return v <= static_cast<std::uint8_t>(last) ? static_cast<Enum>(v) : (fail(), Enum{});
    }
    bool flag() {
        const std::uint8_t v = byte();
        return v <= 1 ? v == 1 : (fail(), false);
    }
    /// How many items follow, each of at least one byte: never more than could be there.
    std::size_t count() { return static_cast<std::size_t>(number_to(left_.size())); }
    Range range() {
        const std::uint64_t first = number_to(UINT32_MAX);
        const std::int64_t size = integer();
        if (size < -std::int64_t{UINT32_MAX} || size > std::int64_t{UINT32_MAX}) return fail(), Range{};
        const std::int64_t last = static_cast<std::int64_t>(first) + size;
        if (!ok_ || last < 0 || last > std::int64_t{UINT32_MAX}) return fail(), Range{};
        return {static_cast<Slot>(first), static_cast<Slot>(last)};
    }
    /// Valid as long as the bytes read from.
    std::string_view text() {
        const std::uint64_t size = number_to(left_.size());
        if (!ok_ || size > left_.size()) return fail(), std::string_view{};
        const std::string_view s = left_.substr(0, size);
        left_.remove_prefix(size);
        return s;
    }
    Steady time(Steady base) { return Steady{Duration{unpack_time(number(), base.time_since_epoch().count())}}; }
    Instant time(Instant base) { return Instant{Duration{unpack_time(number(), base.time_since_epoch().count())}}; }

private:
    std::string_view left_;
    bool ok_ = true;
};

}  // namespace ballast
