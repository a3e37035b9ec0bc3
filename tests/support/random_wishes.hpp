#pragma once
#include "tests/support/random_site.hpp"

#include <string>
#include <vector>

namespace ballast::tests {

/// What the outside wishes and says, at random: prices in and out of order, dispatches new, repeated, corrected and
/// released before and after, a person's words, a journal that stops, a wall clock that jumps.
class RandomWishes {
public:
    RandomWishes(const RandomSite& site, Dice& dice, Instant base) : site_{site}, dice_{dice}, base_{base}, price_start_{base - minutes(20)} {}

    /// What our wall clock is off by.
    Duration offset{0};
    bool journal_writes = true;

    void say(Steady now, std::vector<Event>& heard) {
        true_utc_ = base_ + now.time_since_epoch();
        const auto n = dice_.below(100);
        if (dice_.percent(4)) heard.push_back(thrown());
        if (n < 26) heard.push_back(price());
        else if (n < 32) heard.push_back(system_demand());
        else if (n < 34) heard.push_back(peak_forecast());
        else if (n < 48) heard.push_back(dispatch());
        else if (n < 52) heard.push_back(dispatch(dice_.percent(50) ? SignalKind::emergency : SignalKind::arm));
        else if (n < 66) heard.push_back(release());
        else if (n < 70) heard.push_back(Heartbeat{any_source()});
        else if (n < 71) heard.push_back(hashprice());
        else if (n < 74) heard.push_back(level());
        else if (n < 86) heard.push_back(word());
        else if (n < 90) heard.push_back(JournalHealth{journal_writes = !journal_writes || dice_.percent(20)});
        else if (n < 94) jump(heard);
        else if (n < 96) heard.push_back(Lost{dice_.below(9)});
        else if (n < 97) heard.push_back(Rejected{any_source(), Rejection::malformed, "not ours"});
        else if (n < 98) hashes(heard);
        else chatter(heard);
    }

    /// Everything is given back: the journal writes, the clock is right, nobody wishes anything.
    void settle(Steady now, std::vector<Event>& heard) {
        true_utc_ = base_ + now.time_since_epoch();
        offset = Duration{0};
        if (!journal_writes) heard.push_back(JournalHealth{journal_writes = true});
        Signal remote{.source = lever, .kind = SignalKind::release, .id = "lever"};
        remote.issued = remote.start = true_utc_;
        heard.push_back(remote);
        if (dice_.percent(50)) heard.push_back(OperatorWord{Word::clear, "site", "anna", "all is well", Duration{0}});
    }

private:
    static constexpr Duration minutes(int n) { return std::chrono::minutes{n}; }
    Duration any_duration(int most_s) { return Duration{dice_.between(0, most_s) * 1'000}; }
    SourceId any_source() { return dice_.one_of({by_operator, market, utility, contact, programme_calls, yard, greenhouse, system_feed, forecaster, utility_again}); }
    SourceId any_grid() { return dice_.one_of({by_operator, utility, utility, utility_again, contact, programme_calls, programme_calls}); }

    Signal price() {
        Signal s{.source = market, .kind = SignalKind::price};
        if (dice_.percent(70)) price_start_ += minutes(dice_.percent(80) ? 5 : 10);
        if (price_start_ < true_utc_ - minutes(30)) price_start_ = true_utc_ - minutes(10);
        if (price_start_ > true_utc_ + minutes(40)) price_start_ = true_utc_;
        s.start = dice_.percent(85) ? price_start_ : price_start_ - minutes(5) * dice_.between(0, 5);
        s.end = s.start + minutes(5);
        s.issued = true_utc_ - any_duration(dice_.percent(80) ? 0 : 300);
        s.price = Price{dice_.between(-20, 200) * 1'000'000};
        return s;
    }

    /// Late, doubled and out of order at times; and now and then what cannot be.
    Signal system_demand() {
        Signal s{.source = system_feed, .kind = SignalKind::system_demand};
        s.issued = true_utc_;
        s.start = true_utc_ - any_duration(dice_.percent(80) ? 0 : 900) + any_duration(dice_.percent(90) ? 0 : 900);
        system_mw_ += dice_.between(-900, 1'000);
        s.power = dice_.percent(97) ? Power{system_mw_ * 1'000'000} : Power{dice_.one_of({-1'000'000'000LL, 0LL, 900'000'000'000LL, 9'000'000'000'000'000LL})};
        return s;
    }

    Signal peak_forecast() {
        Signal s{.source = forecaster, .kind = SignalKind::peak_forecast, .id = "d-" + std::to_string(dice_.below(6))};
        s.issued = true_utc_ - any_duration(dice_.percent(70) ? 0 : 600);
        s.start = true_utc_ + any_duration(900) - any_duration(300);
        s.end = s.start + any_duration(1'800) - any_duration(60);
        s.chance_ppm = dice_.between(-1'000, 1'001'000);
        sent_.push_back(s);
        return s;
    }

    Signal hashprice() {
        Signal s{.source = dice_.one_of({market, by_operator}), .kind = SignalKind::hashprice};
        s.issued = s.start = true_utc_;
        s.price = Price{dice_.between(20, 90) * 1'000'000'000};
        return s;
    }

    Signal level() {
        Signal s{.source = dice_.percent(60) ? yard : greenhouse, .kind = SignalKind::temperature};
        s.issued = s.start = true_utc_ - any_duration(dice_.percent(70) ? 0 : 300);
        s.temperature = Temperature{dice_.between(-10'000, 50'000)};
        if (s.source == greenhouse) s.kind = SignalKind::heat, s.power = Power{dice_.between(0, 60'000)};
        return s;
    }

    Signal dispatch(SignalKind kind = SignalKind::dispatch) {
        if (!sent_.empty() && dice_.percent(25)) return again();  // Or a forecast.
        Signal s{.source = kind == SignalKind::arm ? programme_calls : any_grid(), .kind = kind, .id = "d-" + std::to_string(dice_.below(6))};
        s.issued = true_utc_ - any_duration(dice_.percent(60) ? 0 : 600) + any_duration(dice_.percent(90) ? 0 : 20);
        s.start = dice_.percent(70) ? s.issued : true_utc_ + any_duration(400);
        s.end = dice_.percent(50) ? open_end : s.start + any_duration(900);
        s.ask = dice_.one_of({Ask::full, Ask::absolute, Ask::relative});
        s.power = Power{dice_.between(0, 80'000)};
        if (dice_.percent(40)) s.ramp = any_duration(300);
        sent_.push_back(s);
        return s;
    }

    /// Redelivered, or corrected, or an older issue that comes late.
    Signal again() {
        Signal s = sent_[dice_.below(sent_.size())];
        if (s.source == utility && dice_.percent(50)) s.source = utility_again;
        if (dice_.percent(50)) return s;
        s.issued += Duration{dice_.between(-60'000, 60'000)};
        s.power = Power{dice_.between(0, 80'000)};
        sent_.push_back(s);
        return s;
    }

    Signal release() {
        Signal s{.source = any_grid(), .kind = SignalKind::release, .id = "d-" + std::to_string(dice_.below(6))};
        if (!sent_.empty() && dice_.percent(80)) {
            const Signal& of = sent_[dice_.below(sent_.size())];
            s.source = of.source == utility && dice_.percent(40) ? utility_again : of.source;
            s.id = of.id;
        }
        s.issued = s.start = true_utc_ - any_duration(dice_.percent(70) ? 0 : 300);
        return s;
    }

    OperatorWord word() {
        OperatorWord w{dice_.one_of({Word::hold, Word::lockout, Word::abort, Word::abort, Word::clear, Word::clear, Word::maintenance, Word::override_}), {}, "anna", "because", any_duration(600)};
        const Site& site = site_.site;
        if (w.word == Word::abort) w.force = dice_.percent(40);
        if (w.word == Word::override_ && dice_.percent(70)) w.limit = Power{dice_.between(0, 80'000)};
        if (w.word == Word::abort) w.target = dice_.percent(60) ? "d-" + std::to_string(dice_.below(6)) : site.policies[dice_.below(site.policies.size())];
        else if (w.word == Word::clear && dice_.percent(30)) w.target = site.policies[dice_.below(site.policies.size())];
        else if (dice_.percent(15)) w.target = "site";
        else if (dice_.percent(40)) w.target = site.groups[dice_.below(site.groups.size())].name;
        else if (dice_.percent(95)) w.target = site.loads[dice_.below(site.loads.size())].name;
        else w.target = "nobody";
        return w;
    }

    Signal thrown() {
        Signal s{.source = lever, .kind = dice_.percent(40) ? SignalKind::local : SignalKind::release, .id = "lever"};
        s.issued = s.start = true_utc_;
        return s;
    }

    void jump(std::vector<Event>& heard) {
        const Duration to{dice_.one_of({0, 0, 3'600'000, -3'600'000, 1'500})};
        heard.push_back(ClockJump{to - offset});
        offset = to;
    }

    /// Machines that say what they hash, rightly or not: enough for it to be believed.
    void hashes(std::vector<Event>& heard) {
        const auto load = static_cast<Slot>(dice_.below(site_.site.loads.size()));
        const auto permille = dice_.between(400, 2'200);
        for (std::int64_t n = LearnedEfficiency::enough; n > 0; --n) heard.push_back(HashReading{load, Power{3'000 * permille / 1'000}, 100'000});
    }

    /// A contact that opens and closes.
    void chatter(std::vector<Event>& heard) {
        for (auto n = 1 + dice_.below(4); n > 0; --n) {
            Signal s{.source = contact, .kind = SignalKind::emergency, .id = "contact"};
            s.issued = s.start = true_utc_;
            heard.push_back(s);
            s.kind = SignalKind::release;
            if (dice_.percent(80)) heard.push_back(s);
            true_utc_ += Duration{dice_.between(1, 200)};
        }
    }

    const RandomSite& site_;
    Dice& dice_;
    Instant base_, true_utc_{}, price_start_;
    std::int64_t system_mw_ = 70'000;
    std::vector<Signal> sent_;
};

}  // namespace ballast::tests
