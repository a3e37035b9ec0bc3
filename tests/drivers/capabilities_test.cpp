#include "drivers/asic/capabilities.hpp"

#include "drivers/asic/antminer.hpp"
#include "drivers/asic/axeos.hpp"
#include "drivers/asic/braiins.hpp"
#include "drivers/asic/cgminer.hpp"
#include "drivers/asic/epic.hpp"
#include "drivers/asic/luxos.hpp"
#include "drivers/asic/vnish.hpp"
#include "drivers/asic/whatsminer2.hpp"
#include "drivers/asic/whatsminer3.hpp"
#include "tests/catch.hpp"

#include <set>

using namespace ballast;

namespace {

std::vector<std::unique_ptr<asic::Dialect>> dialects() {
    std::vector<std::unique_ptr<asic::Dialect>> all;
    all.push_back(std::make_unique<asic::Luxos>());
    all.push_back(std::make_unique<asic::Whatsminer2>());
    all.push_back(std::make_unique<asic::Whatsminer3>());
    all.push_back(std::make_unique<asic::Antminer>());
    all.push_back(std::make_unique<asic::Braiins>());
    all.push_back(std::make_unique<asic::Axeos>());
    all.push_back(std::make_unique<asic::Epic>());
    all.push_back(std::make_unique<asic::Vnish>());
    all.push_back(std::make_unique<asic::Cgminer>());
    return all;
}

/// What a machine of it is asked to begin with when it is so ordered; nothing where it is not asked at all.
asic::Turn begun(asic::Dialect& dialect, Rung rung) {
    asic::Machine m;
    m.rated = Power{3'000};
    m.low_power = Power{1'500};
    dialect.add(m, {.host = "10.0.0.7", .password = "x"});
    m.wanted = {OrderId{1}, rung, Power{2'000}};
    return dialect.begin_order(m, Steady{Duration{1}});
}

}  // namespace

TEST_CASE("each dialect has its line in the table of capabilities, and a name of its own") {
    std::set<std::string_view> names;
    for (const auto& dialect : dialects()) {
        CHECK(capabilities_of(dialect->protocol()).name == dialect->name());
        CHECK(names.insert(dialect->name()).second);
    }
    CHECK(names.size() == capabilities().size());
}

TEST_CASE("what the table says a make can do its dialect begins, and says why of all else") {
    for (const auto& dialect : dialects()) {
        CAPTURE(dialect->name());
        const Capabilities& can = capabilities_of(dialect->protocol());
        for (const Rung rung : {Rung::sleep, Rung::wake, Rung::cap, Rung::uncap}) {
            const bool levels = rung == Rung::cap || rung == Rung::uncap;
            const bool may = can.rests && (!levels || can.levels != Levels::none);
            CHECK(dialect->cannot(rung).empty() == may);
            if (may) CHECK(begun(*dialect, rung).kind != asic::Turn::Kind::refused);
        }
        for (const Rung rung : {Rung::close, Rung::power_off, Rung::open, Rung::checkpoint}) CHECK_FALSE(dialect->cannot(rung).empty());
    }
}

TEST_CASE("a make with levels says how long they take, and what is not known of a sleep is not called yes") {
    for (const Capabilities& can : capabilities()) {
        CAPTURE(can.name);
        CHECK((can.level_within > Duration{0}) == (can.levels != Levels::none));
        CHECK(can.off_within > Duration{0});
        CHECK(can.on_within >= can.off_within);
        CHECK((can.sleep_persists == Known::yes) == (can.name == "luxos"));
    }
    CHECK(capabilities_of(AsicProtocol::axeos).sleep_persists == Known::no);
}
