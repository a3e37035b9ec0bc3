#include "app/site_differences.hpp"

#include "wire/cgminer.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ballast {
namespace {

using Kind = SiteDifference::Kind;

bool asked(const std::string& address, const std::vector<asic::Block>& swept) {
    boost::system::error_code wrong;
    const auto at = boost::asio::ip::make_address_v4(address, wrong);
    return !wrong && std::ranges::any_of(swept, [&](const asic::Block& block) { return block.first <= at.to_uint() && at.to_uint() <= block.last; });
}

std::string described(const Discovered& machine) {
    const std::string mac = machine.mac ? "mac " + mac_text(*machine.mac) : "no mac told";
    return fmt::format("{}{}{}, {}", machine.make->driver(), machine.model.empty() ? "" : ", ", machine.model, mac);
}

/// What is found out about one machine of the site; `met`: those found that are it, or stand where it should.
class Comparison {
public:
    Comparison(const std::vector<Discovered>& found, const std::vector<asic::Block>& swept) : found_{found}, swept_{swept} {}

    std::optional<SiteDifference> judge(const SiteMachine& one) {
        const Discovered* same = one.mac ? with_mac(*one.mac) : nullptr;
        const Discovered* there = at(one.address);
        if (there) met_.insert(there);
        if (same) return met_.insert(same), known(one, *same);
        if (!there) {
            if (!asked(one.address, swept_)) return std::nullopt;
            return told(Kind::missing, one, fmt::format("{} does not answer at {}: is it switched off, or has it moved?", one.id, one.address));
        }
        if (one.mac && there->mac)
            return told(Kind::other_identity, one, fmt::format("at {} mac {} answers, {} is {}: it is not ordered there; put the address right where it lives now, or the mac if it was replaced",
                                                               one.address, mac_text(*there->mac), one.id, mac_text(*one.mac)));
        return known(one, *there);
    }
    bool met(const Discovered& machine) const { return met_.contains(&machine); }

private:
    const Discovered* with_mac(std::uint64_t mac) const {
        const auto it = std::ranges::find_if(found_, [&](const Discovered& d) { return d.make && d.mac == mac; });
        return it == found_.end() ? nullptr : &*it;
    }
    const Discovered* at(const std::string& address) const {
        const auto it = std::ranges::find_if(found_, [&](const Discovered& d) { return d.make && d.address == address; });
        return it == found_.end() ? nullptr : &*it;
    }
    static SiteDifference told(Kind kind, const SiteMachine& one, std::string text) { return {kind, one.id, one.address, std::move(text)}; }

    /// It is the machine; is it where and what the site file says?
    static std::optional<SiteDifference> known(const SiteMachine& one, const Discovered& is) {
        if (is.make != one.make && is.beside != one.make)
            return told(Kind::other_make, one, fmt::format("{} answers at {} as {}, the site file has it as {}: put it into a group of that driver", one.id, is.address, is.make->driver(), one.make->driver()));
        const std::uint16_t port = is.make == one.make ? is.port : one.port;
        if (is.address != one.address || port != one.port)
            return told(Kind::moved, one, fmt::format("{} is at {}:{} now, the site file has {}:{}: put that into the inventory", one.id, is.address, port, one.address, one.port));
        return std::nullopt;
    }

    const std::vector<Discovered>& found_;
    const std::vector<asic::Block>& swept_;
    std::set<const Discovered*> met_;
};

}  // namespace

std::string_view name(Kind kind) {
    switch (kind) {
    case Kind::added: return "new";
    case Kind::missing: return "missing";
    case Kind::moved: return "moved";
    case Kind::other_identity: return "other identity";
    case Kind::other_make: break;
    }
    return "other make";
}

std::vector<SiteMachine> machines_of(const Config& config) {
    std::vector<SiteMachine> out;
    for (const GroupConfig& group : config.groups)
        if (group.miners)
            for (const MachineConfig& machine : group.machines)
                out.push_back({machine.id, machine.host, machine.port, &make_of(group.miners->protocol), wire::cgminer::mac_address(machine.mac)});
    return out;
}

std::vector<SiteDifference> differences(const std::vector<SiteMachine>& site, const std::vector<Discovered>& found, const std::vector<asic::Block>& swept) {
    Comparison comparison{found, swept};
    std::vector<SiteDifference> out;
    for (const SiteMachine& one : site)
        if (auto difference = comparison.judge(one)) out.push_back(*std::move(difference));
    for (const Discovered& machine : found)
        if (machine.make && !machine.twice && !comparison.met(machine))
            out.push_back({Kind::added, machine.id, machine.address, fmt::format("at {} lives {}, which is not in the site file", machine.address, described(machine))});
    return out;
}

}  // namespace ballast
