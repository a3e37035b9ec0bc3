#include "app/config.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

using namespace ballast;
using namespace ballast::fuzz;

namespace {

constexpr std::string_view inventory = "id,host,watts,joules_per_terahash,strike_per_mwh\nm-1,10.1.0.1,3450,17.5,\nm-2,10.1.0.2,3450,,55\n";

void check_fault(const Fault& fault, std::size_t lines) {
    PROMISE(!fault.text.empty() && fault.text.size() <= 2'048 && wire::is_printable(fault.text));
    PROMISE(fault.line == 0 || fault.file != "site.toml" || fault.line <= lines + 1);
}

}  // namespace

/// The site file; the files it names say the same each time, or are not there.
FUZZ_TARGET(site_file) {
    if (bytes.size() > 65'536) return;
    const FileReader read = [](const std::string& path) -> Result<std::string> {
        if (path.ends_with(".csv")) return std::string{inventory};
        return fail(Errc::unreachable, "there is no such file");
    };
    const auto config = parse_config(std::string{bytes}, "site.toml", read);
    const auto again = parse_config(std::string{bytes}, "site.toml", read);
    PROMISE(config.has_value() == again.has_value());
    if (config) {
        PROMISE(*config == *again && config->hash.size() == 64 && !config->files.empty() && config->files.front().text == bytes);
        return;
    }
    PROMISE(!config.error().empty() && config.error() == again.error());
    const auto lines = static_cast<std::size_t>(std::ranges::count(bytes, '\n')) + 1;
    for (const Fault& fault : config.error()) check_fault(fault, lines);
    PROMISE(!print(config.error()).empty());
}
