#include "app/discovery_text.hpp"

#include "wire/plain_json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ballast {
namespace {

namespace json = boost::json;

std::string_view mode_text(Mode mode) { return mode == Mode::running ? "running" : mode == Mode::asleep ? "asleep" : ""; }

using Row = std::array<std::string, 7>;

Row row_of(const Discovered& machine) {
    const std::string mac = machine.mac ? mac_text(*machine.mac) : "";
    return {machine.address, std::string{machine.make->driver()}, machine.model, mac, std::string{mode_text(machine.mode)}, machine.plate ? std::to_string(machine.plate->watts.count) : "?",
            machine.plate ? machine.plate->from : ""};
}

std::string table(const std::vector<Row>& rows) {
    std::array<std::size_t, 7> widths{};
    for (const Row& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    std::string out;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) line += i == 5 ? fmt::format("{:>{}}  ", row[i], widths[i]) : fmt::format("{:{}}  ", row[i], widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

std::size_t recognised(const Discovery& discovery) {
    return static_cast<std::size_t>(std::ranges::count_if(discovery.machines, [](const Discovered& machine) { return machine.make && !machine.twice; }));
}

std::string sum(const Discovery& discovery) {
    const auto plural = [](std::uint64_t count, std::string_view one, std::string_view many) { return fmt::format("{} {}", count, count == 1 ? one : many); };
    return fmt::format("{} at {}, {}, {:.1f} s{}\n", plural(recognised(discovery), "miner", "miners"), plural(discovery.asked, "address", "addresses"),
                       plural(discovery.connections, "connection", "connections"), static_cast<double>(discovery.took.count()) / 1e3,
                       discovery.complete() ? "" : fmt::format("; interrupted, {} not asked", discovery.addresses - discovery.asked));
}

json::object of(const Discovered& machine) {
    json::object out{{"id", machine.id}, {"address", machine.address}, {"port", nullptr}, {"make", nullptr}, {"model", machine.model}, {"serial", machine.serial}, {"firmware", machine.firmware},
                     {"mac", nullptr}, {"mac_from", nullptr}, {"mode", nullptr}, {"watts", nullptr}, {"watts_from", nullptr}, {"joules_per_terahash", nullptr}, {"remark", machine.remark}};
    if (machine.make) out["make"] = machine.make->driver(), out["port"] = machine.port;
    if (machine.mac) out["mac"] = mac_text(*machine.mac), out["mac_from"] = machine.mac_by_neighbours ? "neighbours" : "itself";
    if (const auto mode = mode_text(machine.mode); !mode.empty()) out["mode"] = mode;
    if (machine.plate) out["watts"] = machine.plate->watts.count, out["watts_from"] = machine.plate->from;
    if (machine.plate && machine.plate->joules_per_hash > 0) out["joules_per_terahash"] = static_cast<double>(machine.plate->joules_per_hash) / 1e3;
    return out;
}

}  // namespace

std::string discovery_text(const Discovery& discovery) {
    std::string out;
    std::vector<Row> rows{{"address", "make", "model", "mac", "mode", "watts", "from"}};
    for (const Discovered& machine : discovery.machines)
        if (machine.make) rows.push_back(row_of(machine));
    if (rows.size() > 1) out += table(rows) + "\n";
    for (const Discovered& machine : discovery.machines)
        if (!machine.remark.empty()) out += fmt::format("{}: {}\n", machine.address, machine.remark);
    if (discovery.differences)
        for (const SiteDifference& difference : *discovery.differences) out += fmt::format("{}: {}\n", name(difference.kind), difference.text);
    if (discovery.differences && discovery.differences->empty()) out += "nothing differs from the site file\n";
    for (const std::string& line : discovery.written) out += line + "\n";
    return out + sum(discovery);
}

std::string discovery_json(const Discovery& discovery) {
    json::array machines, others, networks, written;
    for (const Discovered& machine : discovery.machines)
        if (machine.make) machines.emplace_back(of(machine));
        else others.emplace_back(json::object{{"address", machine.address}, {"remark", machine.remark}});
    for (const std::string& network : discovery.networks) networks.emplace_back(network);
    for (const std::string& line : discovery.written) written.emplace_back(line);
    json::object out{{"networks", std::move(networks)}, {"addresses", discovery.addresses}, {"asked", discovery.asked}, {"complete", discovery.complete()}, {"connections", discovery.connections},
                     {"seconds", static_cast<double>(discovery.took.count()) / 1e3}, {"machines", std::move(machines)}, {"others", std::move(others)}, {"written", std::move(written)},
                     {"differences", nullptr}};
    if (discovery.differences) {
        json::array list;
        for (const SiteDifference& one : *discovery.differences) list.emplace_back(json::object{{"kind", name(one.kind)}, {"id", one.id}, {"address", one.address}, {"text", one.text}});
        out["differences"] = std::move(list);
    }
    return wire::plain_json(out);
}

}  // namespace ballast
