#include "app/discover.hpp"

#include "app/cores.hpp"
#include "app/discovery_text.hpp"
#include "app/held_signals.hpp"
#include "app/progress.hpp"
#include "controller/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <poll.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <stdexcept>

namespace ballast {
namespace {

/// What a person has to put right: exit status 2.
struct WrongInput : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::vector<asic::Block> blocks_of(const std::vector<std::string>& networks) {
    std::vector<asic::Block> out;
    std::string wrong;
    for (const std::string& network : networks) {
        const auto block = asic::parse_network(network);
        if (block) out.push_back(*block);
        else wrong += (wrong.empty() ? "" : "\n") + block.error().detail;
    }
    if (!wrong.empty()) throw WrongInput{wrong};
    return asic::merged(std::move(out));
}

// ---- logins

/// "antminer=root": the make, which has to be one that takes a login here, and the rest.
std::pair<AsicProtocol, std::string> for_make(const std::string& option, const std::string& text) {
    const std::size_t equals = text.find('=');
    for (const Make& make : makes())
        if (asic::takes_login(make.protocol) && equals != text.npos && equals + 1 < text.size() && text.substr(0, equals) == make.driver()) return {make.protocol, text.substr(equals + 1)};
    throw WrongInput{fmt::format("{} \"{}\" is not allowed; allowed: antminer=... or braiins=...; the others tell who they are without a login", option, text)};
}

std::map<AsicProtocol, asic::Login> logins_of(const DiscoverOptions& options) {
    std::map<AsicProtocol, asic::Login> out;
    if (!options.password_files.empty()) keep_out_of_cores();
    for (const std::string& text : options.password_files) {
        const auto [make, file] = for_make("--password-file", text);
        auto password = read_secret({Secret::Kind::file, file, {}});
        if (!password) throw WrongInput{"--password-file: " + password.error().detail};
        out[make] = {std::string{make_of(make).user}, *std::move(password)};
    }
    for (const std::string& text : options.users) {
        auto [make, user] = for_make("--user", text);
        const auto login = out.find(make);
        if (login == out.end()) throw WrongInput{fmt::format("--user \"{}\" goes with --password-file {}=FILE; without it nobody is logged on to", text, make_of(make).driver())};
        login->second.user = std::move(user);
    }
    return out;
}

std::string random_word() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

// ---- inventories

/// FILE, and where there are several makes FILE with the make behind its name: an inventory is that of one group, which has one driver.
std::string inventory_path(const std::string& csv, const Make* make) {
    const std::filesystem::path path{csv};
    if (!make) return csv;
    return (path.parent_path() / fmt::format("{}-{}{}", path.stem().string(), make->driver(), path.extension().string())).string();
}

/// Said before the sweep, not after it.
void refuse_to_overwrite(const DiscoverOptions& options) {
    if (options.csv.empty() || options.force) return;
    std::vector<std::string> paths{inventory_path(options.csv, nullptr)};
    for (const Make& make : makes()) paths.push_back(inventory_path(options.csv, &make));
    for (const std::string& path : paths)
        if (std::filesystem::exists(path)) throw WrongInput{fmt::format("{} is there already; --force overwrites it, or name another file", path)};
}

void write_file(const std::string& path, const std::string& text, bool force) {
    std::FILE* file = std::fopen(path.c_str(), force ? "we" : "wxe");
    const bool good = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const int error = errno;
    const bool closed = file && std::fclose(file) == 0;
    if (!good || !closed) throw std::runtime_error{fmt::format("{} cannot be written: {}", path, std::strerror(good ? errno : error))};
}

std::vector<std::string> write_inventories(const std::vector<Discovered>& machines, const DiscoverOptions& options) {
    std::vector<std::string> told;
    const auto found = makes_of(machines);
    for (const Make* make : found) {
        const std::string path = inventory_path(options.csv, found.size() > 1 ? make : nullptr);
        write_file(path, inventory_csv(machines, *make), options.force);
        const auto of_it = [&](const Discovered& machine) { return machine.make == make && !machine.twice; };
        const auto count = std::ranges::count_if(machines, of_it);
        const auto open = std::ranges::count_if(machines, [&](const Discovered& machine) { return of_it(machine) && !machine.plate; });
        told.push_back(fmt::format("wrote {}: {} of driver = \"{}\"{}", path, count, make->driver(), open > 0 ? fmt::format(", {} without watts: `ballast check` names their lines", open) : ""));
    }
    return told;
}

// ---- the site file

/// A host that is a name, as its first IPv4 address; as it stands where nobody knows it.
std::string literal(const std::string& host) {
    boost::system::error_code wrong;
    (void)boost::asio::ip::make_address(host, wrong);
    if (!wrong) return host;
    boost::asio::io_context context;
    boost::asio::ip::tcp::resolver resolver{context};
    const auto found = resolver.resolve(boost::asio::ip::tcp::v4(), host, "", wrong);
    return wrong || found.empty() ? host : found.begin()->endpoint().address().to_string();
}

std::vector<SiteMachine> site_machines(const std::string& site_file) {
    if (site_file.empty()) return {};
    const auto config = load_config(site_file, disk_reader());
    if (!config) throw WrongInput{print(config.error())};
    auto machines = machines_of(*config);
    for (SiteMachine& machine : machines) machine.address = literal(machine.address);
    return machines;
}

std::map<std::uint64_t, std::string> ids_of(const std::vector<SiteMachine>& machines) {
    std::map<std::uint64_t, std::string> out;
    for (const SiteMachine& machine : machines)
        if (machine.mac) out.emplace(*machine.mac, machine.id);
    return out;
}

/// To its end, or until somebody wants it to end.
void run(asic::Sweep& sweep) {
    const HeldSignals signals;
    const Steady begun = steady_now();
    Progress progress{"discover", static_cast<std::int64_t>(sweep.total())};
    while (!sweep.over() && !signals.came(Duration{0})) {
        sweep.advance(steady_now());
        progress.at(static_cast<std::int64_t>(sweep.done()), steady_now() - begun);
        pollfd wait{sweep.descriptor(), POLLIN, 0};
        ::poll(&wait, 1, 5);
    }
}

Discovery discovered_by(const DiscoverOptions& options) {
    asic::SweepSettings settings;
    settings.blocks = blocks_of(options.networks);
    settings.questions = {{options.api_port, options.v3_port, options.http_port}, logins_of(options), random_word()};
    settings.rate = options.rate;
    settings.open = options.open;
    settings.timeout = options.timeout;
    const auto site = site_machines(options.site_file);
    refuse_to_overwrite(options);
    const auto swept = settings.blocks;
    asic::Sweep sweep{std::move(settings)};
    const Steady begun = steady_now();
    run(sweep);

    Discovery out;
    out.networks = options.networks;
    out.addresses = sweep.total();
    out.asked = sweep.done();
    out.connections = sweep.connections();
    out.took = steady_now() - begun;
    out.machines = discovered(sweep.found(), read_neighbours(), ids_of(site));
    if (!options.site_file.empty()) {
        out.differences = differences(site, out.machines, swept);
        if (!out.complete()) std::erase_if(*out.differences, [](const SiteDifference& one) { return one.kind == SiteDifference::Kind::missing; });  // It may not have been asked.
    }
    return out;
}

}  // namespace

int discover(const DiscoverOptions& options) {
    std::string trouble;
    Discovery found;
    try {
        found = discovered_by(options);
    } catch (const WrongInput& wrong) {
        fmt::print(stderr, "ballast discover: {}{}", wrong.what(), std::string_view{wrong.what()}.ends_with('\n') ? "" : "\n");
        return 2;
    }
    try {
        if (!options.csv.empty()) found.written = write_inventories(found.machines, options);
    } catch (const std::runtime_error& error) {
        trouble = error.what();
    }
    fmt::print("{}{}", options.json ? discovery_json(found) : discovery_text(found), options.json ? "\n" : "");
    if (!trouble.empty()) fmt::print(stderr, "ballast discover: {}\n", trouble);
    const bool differs = found.differences && !found.differences->empty();
    return !trouble.empty() || differs || !found.complete() ? 1 : 0;
}

}  // namespace ballast
