#include "tests/fuzz/reply.hpp"
#include "wire/cipher.hpp"
#include "wire/decimal.hpp"
#include "wire/modbus_words.hpp"
#include "wire/rfc3339.hpp"

#include <algorithm>
#include <cmath>

using namespace ballast;
using namespace ballast::fuzz;

namespace {

/// The bytes as registers, big end first, as Modbus sends them.
std::vector<std::uint16_t> registers(std::string_view bytes) {
    std::vector<std::uint16_t> words;
    for (std::size_t i = 0; i + 1 < bytes.size() && words.size() < 5; i += 2)
        words.push_back(static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[i]) << 8 | static_cast<unsigned char>(bytes[i + 1])));
    return words;
}

void check_words(const std::vector<std::uint16_t>& words, wire::RegisterType type, wire::WordOrder order) {
    for (const auto sentinel : {wire::Sentinel::refused, wire::Sentinel::kept}) {
        const auto value = wire::decode(words, type, order, sentinel);
        PROMISE(value || shown_well(value.error(), 200));
        if (words.size() != wire::word_count(type)) PROMISE(!value);
        if (!value) continue;
        const auto back = wire::encode(*value, type, order);
        const bool is_nan = std::isnan(wire::as_double(*value));
        if (back && !is_nan) PROMISE(std::ranges::equal(back->span(), words));
        if (sentinel == wire::Sentinel::refused) PROMISE(back && std::isfinite(wire::as_double(*value)));
        for (const double scale : {0.0, 1.0, -10.0, 0.001, 1e18, 1e300, -1e-300, std::nan(""), HUGE_VAL}) {
            const auto whole = wire::scaled(*value, scale);
            PROMISE(whole || (whole.error().code == Errc::implausible && shown_well(whole.error(), 200)));
        }
        for (int other = 0; other <= static_cast<int>(wire::RegisterType::float64); ++other) {
            const auto as_other = wire::encode(*value, static_cast<wire::RegisterType>(other), order);
            PROMISE(as_other || shown_well(as_other.error(), 200));
        }
    }
}

void check_time(std::string_view bytes) {
    const auto at = wire::parse_rfc3339(bytes);
    if (!at) {
        PROMISE(shown_well(at.error(), 120));
        return;
    }
    const auto again = wire::parse_rfc3339(wire::rfc3339(*at));
    PROMISE(again && *again == *at);
}

void check_decimal(std::string_view bytes) {
    const auto count = wire::scaled(bytes, 1'000'000, INT64_MAX);
    if (!count) return;
    const std::string written = wire::unscaled(*count, 6);
    PROMISE(wire::scaled(written, 1'000'000, INT64_MAX) == *count);
    for (int shift = 0; shift <= 18; ++shift) PROMISE(!wire::unscaled(*count, shift).empty());
}

void check_cipher(std::string_view bytes) {
    if (const auto plain = wire::from_base64(bytes)) PROMISE(wire::from_base64(wire::base64(*plain)) == *plain);
    PROMISE(wire::from_base64(wire::base64(bytes)) == std::string{bytes});
    const auto key = wire::sha256("key");
    const auto opened = wire::aes256_open(key, bytes);
    PROMISE(opened.has_value() == (!bytes.empty() && bytes.size() <= 65'536 && bytes.size() % 16 == 0));
    if (const auto again = wire::aes256_open(key, wire::aes256_seal(key, bytes))) PROMISE(bytes.starts_with(*again));
    PROMISE(sane_mac(wire::cgminer::mac_address(bytes)));
}

}  // namespace

FUZZ_TARGET(numbers) {
    const std::vector<std::uint16_t> words = registers(bytes);
    for (int type = 0; type <= static_cast<int>(wire::RegisterType::float64); ++type)
        for (int order = 0; order <= static_cast<int>(wire::WordOrder::dcba); ++order) check_words(words, static_cast<wire::RegisterType>(type), static_cast<wire::WordOrder>(order));
    check_time(bytes);
    check_decimal(bytes);
    check_cipher(bytes);
    for (const auto& known : {wire::register_type(bytes).has_value(), wire::word_order(bytes).has_value()}) PROMISE(!known || bytes.size() <= 8);
}
