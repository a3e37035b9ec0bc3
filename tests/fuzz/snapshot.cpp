#include "controller/engine.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/random_history.hpp"

#include <array>

using namespace ballast;
using namespace ballast::fuzz;

namespace {

constexpr std::uint64_t sites = 6;

/// A site that has lived for a few minutes, and what it wrote down of that.
struct Lived {
    tests::RandomSite site;
    Now at;
    std::string snapshot;

    explicit Lived(std::uint64_t seed) {
        const auto note = [&](Now now, const auto&, const Decision&, const Engine& engine) {
            at = now;
            snapshot = engine.snapshot(now).bytes;
            return true;
        };
        site = tests::live(seed, {.lasts = std::chrono::minutes{4}}, note).site;
    }

    /// False: it was refused, as what is damaged has to be.
    bool goes_on_from(std::string bytes) const {
        try {
            Engine engine{site.site, site.policies(), {std::move(bytes)}, at};
            engine.step(at, {});
            return true;
        } catch (const std::runtime_error&) {
            return false;
        }
    }
};

const Lived& lived(std::size_t which) {
    static const std::array<Lived, sites> all{Lived{1}, Lived{2}, Lived{3}, Lived{4}, Lived{5}, Lived{6}};
    return all[which % sites];
}

}  // namespace

FUZZ_TARGET(snapshot) {
    if (bytes.empty()) return;
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const Lived& one = lived(at(0));
    std::string bent = one.snapshot;
    for (std::size_t i = 1; i + 2 < bytes.size(); i += 3) bent[(at(i) * 256U + at(i + 1)) % bent.size()] = bytes[i + 2];
    PROMISE(one.goes_on_from(bent) == (bent == one.snapshot));
    if (bytes.size() < bent.size()) PROMISE(!one.goes_on_from(bent.substr(0, bent.size() - bytes.size())));
    const std::string_view rest = bytes.substr(1);
    if (!rest.empty() && rest != one.snapshot) PROMISE(!one.goes_on_from(std::string{rest}));  // Empty: to begin afresh.
}
