#include "app/discovery_text.hpp"

#include "app/inventory.hpp"
#include "tests/catch.hpp"

#include <boost/json.hpp>

namespace ballast {
namespace {

asic::Found found(std::string_view address, std::optional<AsicProtocol> make, std::uint16_t port, std::optional<std::uint64_t> mac, std::string model = "Antminer S21") {
    asic::Found one;
    one.address = asic::parse_network(address)->first;
    one.what.make = make;
    one.what.port = port;
    one.what.mac = mac;
    one.what.model = std::move(model);
    one.what.answers = true;
    return one;
}

SiteMachine machine(std::string id, std::string address, AsicProtocol make, std::optional<std::uint64_t> mac) { return {std::move(id), std::move(address), make_of(make).port, &make_of(make), mac}; }

using Kind = SiteDifference::Kind;
using Told = std::vector<std::pair<Kind, std::string>>;

/// What differs, each with its id.
Told told(const std::vector<SiteMachine>& site, const std::vector<asic::Found>& network, std::string_view swept = "10.0.0.0/24") {
    Told out;
    const auto machines = discovered(network, {}, {});
    for (const SiteDifference& one : differences(site, machines, {*asic::parse_network(swept)})) out.emplace_back(one.kind, one.id);
    return out;
}

constexpr std::uint64_t first = 0x62f75e000001, second = 0x62f75e000002;
constexpr auto luxos = AsicProtocol::luxos;

}  // namespace

TEST_CASE("watts come from the nameplate of a model's size, however firmware spells it, or from nobody") {
    CHECK(nameplate_of("Antminer S21", std::nullopt)->watts == Power{3'500});
    CHECK(nameplate_of("Antminer S21", std::nullopt)->joules_per_hash == 17'500);
    CHECK(nameplate_of("AntMiner S19 XP", 141'000)->watts == Power{3'010});
    CHECK(nameplate_of("Antminer S19k Pro", 121'800)->watts == Power{2'760});
    CHECK(nameplate_of("Antminer S19j Pro (Vnish 1.2.6)", 103'000)->from == "nameplate of 104 TH/s");
    CHECK(nameplate_of("Antminer S19j Pro", 96'500)->watts == Power{2'832});
    CHECK(nameplate_of("M60S_VK40", std::nullopt)->watts == Power{3'441});
    CHECK(nameplate_of("WhatsMiner M30S++_VH10", 112'000)->watts == Power{3'472});
    const auto several = nameplate_of("Antminer S19j Pro", std::nullopt);
    CHECK(several->watts == Power{3'068});
    CHECK(several->joules_per_hash == 0);
    CHECK(several->from == "greatest nameplate of its model");
    CHECK_FALSE(nameplate_of("Antminer S21", 150'000));
    for (const char* model : {"", "Bitaxe BM1368", "Antminer", "S21 Immersion", "_", "("}) CHECK_FALSE(nameplate_of(model, std::nullopt));
}

TEST_CASE("what was found becomes an inventory that the site file's reader takes") {
    const auto machines = discovered({found("10.0.0.1", luxos, 4'028, first), found("10.0.0.2", luxos, 4'028, second), found("10.0.0.3", luxos, 4'028, first), found("10.0.0.4", AsicProtocol::axeos, 80, 5, "Bitaxe BM1368"),
                                      found("10.0.0.5", std::nullopt, 0, std::nullopt, "")},
                                     {}, {{second, "rack-2"}});
    CHECK(makes_of(machines) == std::vector<const Make*>{&make_of(luxos), &make_of(AsicProtocol::axeos)});
    const std::string csv = inventory_csv(machines, make_of(luxos));
    CHECK(csv == "id,host,port,mac,watts,joules_per_terahash\n"
                 "62:f7:5e:00:00:01,10.0.0.1,4028,62:f7:5e:00:00:01,3500,17.500\n"
                 "rack-2,10.0.0.2,4028,62:f7:5e:00:00:02,3500,17.500\n");
    const Inventory read = parse_inventory(csv, "miners.csv", 4'028);
    CHECK(read.faults.empty());
    CHECK(read.rows.size() == 2);
    CHECK(machines[2].remark == "has the mac of 10.0.0.1");
    const Inventory open = parse_inventory(inventory_csv(machines, make_of(AsicProtocol::axeos)), "miners.csv", 80);
    REQUIRE(open.faults.size() == 1);
    CHECK(open.faults[0].text == "no watts; allowed: whole watts at the wall, 1 to 1000000");
    CHECK(machines[3].remark == "its watts are yours to say: no nameplate is known of Bitaxe BM1368");
}

TEST_CASE("who tells no MAC has that of this host's neighbours, unless it is a router's") {
    const auto at = [](const char* text) { return boost::asio::ip::make_address_v4(text); };
    const auto machines = discovered({found("10.0.0.1", AsicProtocol::antminer, 80, std::nullopt), found("10.0.0.2", AsicProtocol::antminer, 80, std::nullopt), found("10.0.0.3", luxos, 4'028, second)},
                                     {{first, at("10.0.0.1")}, {0x9, at("10.0.0.2")}, {0x9, at("10.0.0.254")}, {0x8, at("10.0.0.3")}}, {});
    CHECK(machines[0].mac == first);
    CHECK(machines[0].mac_by_neighbours);
    CHECK_FALSE(machines[1].mac);
    CHECK(machines[1].id == "10.0.0.2");
    CHECK(machines[2].mac == second);
    CHECK_FALSE(machines[2].mac_by_neighbours);
}

TEST_CASE("a site file is compared with what lives in the network") {
    const auto a = machine("a", "10.0.0.1", luxos, first), b = machine("b", "10.0.0.2", luxos, second);
    CHECK(told({a, b}, {found("10.0.0.1", luxos, 4'028, first), found("10.0.0.2", luxos, 4'028, second)}).empty());
    CHECK(told({a, b}, {found("10.0.0.1", luxos, 4'028, first)}) == Told{{Kind::missing, "b"}});
    CHECK(told({a}, {found("10.0.0.1", luxos, 4'028, first), found("10.0.0.9", luxos, 4'028, second)}) == Told{{Kind::added, "62:f7:5e:00:00:02"}});
    CHECK(told({a}, {found("10.0.0.9", luxos, 4'028, first)}) == Told{{Kind::moved, "a"}});
    CHECK(told({a}, {found("10.0.0.1", luxos, 4'028, second)}) == Told{{Kind::other_identity, "a"}});
    // Two have changed places: each is told as moved, and nobody as a stranger.
    CHECK(told({a, b}, {found("10.0.0.1", luxos, 4'028, second), found("10.0.0.2", luxos, 4'028, first)}) == Told{{Kind::moved, "a"}, {Kind::moved, "b"}});
    CHECK(told({a}, {found("10.0.0.1", AsicProtocol::vnish, 80, first)}) == Told{{Kind::other_make, "a"}});
    CHECK(told({a}, {found("10.0.0.1", std::nullopt, 0, std::nullopt)}) == Told{{Kind::missing, "a"}});
    CHECK(told({a, machine("c", "10.0.1.1", luxos, second)}, {found("10.0.0.1", luxos, 4'028, first)}).empty());  // Was not asked.
}

TEST_CASE("a machine whose MAC is not told on both sides is known by its address") {
    const auto stock = machine("s", "10.0.0.1", AsicProtocol::antminer, first), anonymous = machine("x", "10.0.0.2", luxos, std::nullopt);
    CHECK(told({stock}, {found("10.0.0.1", AsicProtocol::antminer, 80, std::nullopt)}).empty());
    CHECK(told({anonymous}, {found("10.0.0.2", luxos, 4'028, second)}).empty());
    auto both = found("10.0.0.3", AsicProtocol::whatsminer3, 4'433, second);
    both.what.beside = AsicProtocol::whatsminer2;
    CHECK(told({machine("w", "10.0.0.3", AsicProtocol::whatsminer2, second)}, {both}).empty());
}

TEST_CASE("a discovery is told as text and as JSON") {
    Discovery discovery;
    discovery.networks = {"10.0.0.0/24"};
    discovery.addresses = 254, discovery.asked = 100, discovery.connections = 103, discovery.took = Duration{2'060};
    discovery.machines = discovered({found("10.0.0.1", luxos, 4'028, first), found("10.0.0.7", std::nullopt, 0, std::nullopt, "")}, {}, {});
    discovery.machines[1].remark = "answers, and is no miner that is known here";
    discovery.differences = std::vector<SiteDifference>{{Kind::moved, "a", "10.0.0.1", "a is at 10.0.0.1 now"}};
    CHECK(discovery_text(discovery) == "address   make   model         mac                mode  watts  from\n"
                                       "10.0.0.1  luxos  Antminer S21  62:f7:5e:00:00:01         3500  nameplate of 200 TH/s\n\n"
                                       "10.0.0.7: answers, and is no miner that is known here\n"
                                       "moved: a is at 10.0.0.1 now\n"
                                       "1 miner at 100 addresses, 103 connections, 2.1 s; interrupted, 154 not asked\n");
    const auto json = boost::json::parse(discovery_json(discovery));
    CHECK(json.at("machines").at(0).at("mac") == "62:f7:5e:00:00:01");
    CHECK(json.at("machines").at(0).at("watts") == 3'500);
    CHECK(json.at("machines").at(0).at("mode").is_null());
    CHECK(json.at("others").at(0).at("address") == "10.0.0.7");
    CHECK(json.at("differences").at(0).at("kind") == "moved");
    CHECK_FALSE(json.at("complete").as_bool());
}

}  // namespace ballast
