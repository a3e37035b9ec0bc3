#include "wire/printable.hpp"

#include <cstdint>

namespace ballast::wire {

namespace {

constexpr unsigned char byte_at(std::string_view text, std::size_t i) {
    return static_cast<unsigned char>(text[i]);
}

/// Bytes of the character that begins at `at`; 0 if it is none or not for showing (RFC 3629: no surrogates, no overlong).
std::size_t character(std::string_view text, std::size_t at) {
    const unsigned char lead = byte_at(text, at);
    if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || at + size > text.size()) return 0;
    std::uint32_t code = lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte_at(text, at + i) & 0xc0) != 0x80) return 0;
        code = (code << 6) | (byte_at(text, at + i) & 0x3fU);
    }
    const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    const bool control = (code >= 0x80 && code < 0xa0) || code == 0x2028 || code == 0x2029;
    return overlong || surrogate || control || code > 0x10ffff ? 0 : size;
}

}  // namespace

std::string printable(std::string_view text, std::size_t most_bytes) {
    constexpr std::string_view cut = "...";
    std::string shown;
    std::size_t safe = 0;  // Where "..." still fits.
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t size = character(text, i);
        const std::string_view next = size == 0 ? std::string_view{"?"} : text.substr(i, size);
        if (shown.size() + next.size() > most_bytes) {
            shown.resize(safe);
            if (most_bytes >= cut.size()) shown += cut;
            return shown;
        }
        shown += next;
        if (shown.size() + cut.size() <= most_bytes) safe = shown.size();
        i += size == 0 ? 1 : size;
    }
    return shown;
}

bool is_printable(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t size = character(text, i);
        if (size == 0) return false;
        i += size;
    }
    return true;
}

}  // namespace ballast::wire
