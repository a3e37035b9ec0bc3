#include "model/economics.hpp"
#include "tests/catch.hpp"
#include "tests/support/dice.hpp"

using namespace ballast;
using namespace ballast::tests;

namespace {

/// backtest_numpy.py: strike = hashprice * (1 - fee) / (0.024 * J/TH * overhead), in currency per MWh.
double floating(double hashprice, double fee, double overhead, double joules_per_terahash) {
    return hashprice * (1 - fee) / (0.024 * joules_per_terahash * overhead);
}

}  // namespace

TEST_CASE("break-even is the floating formula's, rounded down") {
    struct Row {
        double hashprice, fee, overhead, joules;
        std::int64_t nano_per_kwh;
    };
    for (const Row& row : {Row{45, 0.01, 1.05, 17.5, 101'020'408}, Row{45, 0, 1, 20, 93'750'000}, Row{0, 0.01, 1.05, 20, 0},
                           Row{45, 1, 1.05, 20, 0}, Row{-45, 0.01, 1.05, 17.5, -101'020'409}, Row{60, 0.025, 1.2, 31.5, 64'484'126}}) {
        CAPTURE(row.hashprice, row.joules);
        const Economics e{Price{static_cast<std::int64_t>(row.hashprice * 1e9)}, static_cast<std::int64_t>(row.fee * 1e6),
                          static_cast<std::int64_t>(row.overhead * 1e6)};
        CHECK(break_even(e, static_cast<std::int64_t>(row.joules * 1e3)).count == row.nano_per_kwh);
    }
}

TEST_CASE("break-even is never above the floating formula, nor a nano below it") {
    Dice dice{7};
    for (int i = 0; i < 20'000; ++i) {
        const auto hashprice = dice.between(0, 200'000) * 1'000'000, fee = dice.between(0, 1'000'000);
        const auto overhead = dice.between(1'000'000, 2'000'000), joules = dice.between(1, 150'000);
        CAPTURE(hashprice, fee, overhead, joules);
        const double exact = floating(static_cast<double>(hashprice) / 1e9, static_cast<double>(fee) / 1e6, static_cast<double>(overhead) / 1e6,
                                      static_cast<double>(joules) / 1e3) * 1e6;
        const auto ours = static_cast<double>(break_even({Price{hashprice}, fee, overhead}, joules).count);
        const double tolerance = exact * 1e-14;
        REQUIRE(ours <= exact + tolerance);
        REQUIRE(ours + 1 >= exact - tolerance);
    }
}

TEST_CASE("a machine whose efficiency is not known never pays") {
    CHECK(break_even({Price{45'000'000'000}}, 0) == Price::lowest());
    CHECK(break_even({Price{45'000'000'000}}, -5) == Price::lowest());
}

TEST_CASE("a worse machine never has the higher break-even") {
    const Economics e{Price{45'000'000'000}, 10'000, 1'050'000};
    for (std::int64_t joules = 1; joules < 60'000; joules += 7) REQUIRE(break_even(e, joules + 7) <= break_even(e, joules));
}
