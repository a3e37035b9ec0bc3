#include "app/nameplates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace ballast {
namespace {

struct Size {
    std::string_view model;  ///< As `plain` leaves it.
    double terahashes;
    std::int64_t watts;
};

/// As Bitmain and MicroBT publish them, at 25 degC, +-5 %.
constexpr Size sizes[] = {
    {"s9", 13.5, 1'323},          {"s9", 14, 1'372},         {"s17", 53, 2'385},         {"s17", 56, 2'520},       {"s17 pro", 50, 1'975},     {"s17 pro", 53, 2'094},
    {"t17", 40, 2'200},           {"s19", 95, 3'250},        {"s19 pro", 110, 3'250},    {"t19", 84, 3'150},       {"s19j", 90, 3'100},        {"s19j pro", 96, 2'832},
    {"s19j pro", 100, 3'050},     {"s19j pro", 104, 3'068},  {"s19j pro+", 122, 3'355},  {"s19 xp", 140, 3'010},   {"s19k pro", 120, 2'760},   {"s19 pro+ hyd", 198, 5'445},
    {"s19 xp hyd", 255, 5'304},   {"t21", 190, 3'610},       {"s21", 200, 3'500},        {"s21 pro", 234, 3'510},  {"s21 xp", 270, 3'645},     {"s21+", 216, 3'564},
    {"s21 hyd", 335, 5'360},      {"s21+ hyd", 319, 4'785},  {"s21 xp hyd", 473, 5'676}, {"m30s", 86, 3'268},      {"m30s", 88, 3'344},        {"m30s+", 100, 3'400},
    {"m30s++", 112, 3'472},       {"m31s+", 80, 3'360},      {"m50", 114, 3'306},        {"m50s", 126, 3'276},     {"m60", 172, 3'422},        {"m60s", 186, 3'441},
    {"m63s", 390, 7'215},         {"m66s", 298, 5'513},
};

constexpr double near_enough = 0.05;

/// In small letters, without the brand before it and what firmware puts behind it.
std::string plain(std::string_view model) {
    model = model.substr(0, model.find_first_of("_("));
    std::string out;
    for (const char c : model) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const std::string_view brand : {"antminer", "whatsminer", "bitmain", "microbt"})
        if (out.starts_with(brand)) out.erase(0, brand.size());
    out.erase(0, std::min(out.find_first_not_of(' '), out.size()));
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

Nameplate of(const Size& size) {
    return {Power{size.watts}, std::llround(static_cast<double>(size.watts) * 1'000 / size.terahashes), fmt::format("nameplate of {} TH/s", size.terahashes)};
}

}  // namespace

std::optional<Nameplate> nameplate_of(std::string_view model, std::optional<double> rated_gigahashes) {
    const std::string wanted = plain(model);
    const Size* best = nullptr;
    std::size_t count = 0;
    const auto off = [&](const Size& size) { return std::abs(*rated_gigahashes / 1'000 - size.terahashes); };
    for (const Size& size : sizes) {
        if (size.model != wanted) continue;
        ++count;
        if (!best || (rated_gigahashes ? off(size) < off(*best) : size.watts > best->watts)) best = &size;
    }
    if (!best || (rated_gigahashes && off(*best) > near_enough * best->terahashes)) return std::nullopt;
    Nameplate found = of(*best);
    if (count > 1 && !rated_gigahashes) found.joules_per_hash = 0, found.from = "greatest nameplate of its model";
    return found;
}

}  // namespace ballast
