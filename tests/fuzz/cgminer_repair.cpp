#include "tests/fuzz/reply.hpp"

using namespace ballast;
using namespace ballast::fuzz;
namespace json = boost::json;

namespace {

/// An object, however deep: what is nested too deep is the parser's business, and not that of the repair.
bool is_object(std::string_view text) {
    json::parse_options options;
    options.max_depth = 100'000;
    json::error_code broken;
    const json::value parsed = json::parse({text.data(), text.size()}, broken, {}, options);
    return !broken && parsed.is_object();
}

}  // namespace

FUZZ_TARGET(cgminer_repair) {
    std::string mended = "what it held before", again;
    if (!wire::cgminer::repair(bytes, mended)) return;
    PROMISE(mended.size() <= 16 * bytes.size() + 64);  // In proportion: no few bytes become many.
    if (std::ranges::count(bytes, '{') + std::ranges::count(bytes, '[') < 1'000) PROMISE(is_object(mended));
    std::string same;
    PROMISE(wire::cgminer::repair(bytes, same) && same == mended);
}
