#include "tests/scenarios/day.hpp"

#include "app/binding_text.hpp"
#include "app/config.hpp"
#include "app/plan_reasons.hpp"
#include "app/receipt.hpp"
#include "app/site_of.hpp"
#include "app/status.hpp"
#include "app/wiring.hpp"
#include "controller/engine.hpp"
#include "controller/shed_receipt.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"
#include "wire/rfc3339.hpp"
#include "wire/signal_json.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace ballast::tests {

namespace {

using namespace std::chrono_literals;

constexpr Duration lasts = 30h, tick = 5s;
const std::string folder = std::string{PROJECT_DIR} + "/tests/scenarios/";

std::string text_of(const std::string& path) {
    std::ifstream file{path};
    std::stringstream text;
    text << file.rdbuf();
    if (!file) throw std::runtime_error{path + " cannot be read"};
    return text.str();
}

std::vector<Happening> happenings(const toml::table& table, const char* key) {
    std::vector<Happening> all;
    const auto* list = table[key].as_array();
    for (std::size_t i = 0; list && i < list->size(); ++i) {
        const toml::table& one = *(*list)[i].as_table();
        const auto word = [&](const char* name) { return one[name].value_or(std::string{}); };
        const auto watts = [&](const char* name) { return one[name] ? std::optional{Power{one[name].value_or(std::int64_t{}) * 1'000}} : std::nullopt; };
        all.push_back({*wire::parse_rfc3339(word("time")), word("signal"), word("message"), word("lockout"), word("maintenance"), watts("hall_kw"), watts("house_kw"), one["dark"].value<bool>(), word("asleep")});
    }
    return all;
}

/// Loads that do what they are told by the next tick, and two meters that show it. GPU nodes draw 97 % of their nameplate,
/// keep their caps, and save within a tick.
class Plant {
public:
    explicit Plant(const Site& site) : site_{site}, on_(site.loads.size(), true), caps_(site.loads.size(), no_limit) {}

    Power hall{1'000'000}, house{100'000};

    void obey(std::span<const Order> orders) {
        for (const Order& order : orders) {
            if (order.rung == Rung::checkpoint) saved_.push_back(order);
            else std::fill(on_.begin() + order.loads.first, on_.begin() + order.loads.last, raises(order.rung) || order.rung == Rung::cap);
            if (order.rung != Rung::checkpoint) std::fill(caps_.begin() + order.loads.first, caps_.begin() + order.loads.last, order.rung == Rung::cap ? order.cap : no_limit);
        }
    }

    /// What the nodes say of the work that they were asked to save.
    void acknowledge(Steady now, std::vector<Event>& into) {
        for (const Order& order : std::exchange(saved_, {})) into.push_back(Receipt{order.id, order.loads, Fate::accepted, now});
    }

    /// While it is dark meters show nothing; then machines boot for two minutes, and mine if they did not sleep.
    void black_out(bool dark, const std::string& asleep, Steady now) {
        dark_ = dark;
        boots_until_ = now + 2min;
        for (const Site::Group& group : site_.groups)
            if (!dark && group.name == asleep) std::fill(on_.begin() + group.loads.first, on_.begin() + group.loads.last, false);
    }

    void read(Steady now, std::vector<Event>& into) const {
        if (dark_ || now < boots_until_) return meters(dark_ ? Power{} : hall, dark_ ? Power{} : house, now, into);
        Power feeder = house, site;
        for (const Site::Group& group : site_.groups)
            for (Slot s = group.loads.first; s < group.loads.last;) {
                Slot end = s;
                while (end < group.loads.last && on_[end] == on_[s] && caps_[end] == caps_[s]) ++end;
                const Power full = group.tier == Tier::flexible ? Power{site_.loads[s].rated.count * 97 / 100} : site_.loads[s].rated;
                const Power each = group.tier == Tier::firm ? hall : on_[s] ? std::min(full, caps_[s]) : group.standby;
                into.push_back(LoadReading{{s, end}, on_[s] ? Mode::running : Mode::asleep, Quality::measured, each, now});
                (group.feeder ? feeder : site) += Power{each.count * (end - s)};
                s = end;
            }
        meters(site, feeder, now, into);
    }

private:
    static void meters(Power beside, Power feeder, Steady now, std::vector<Event>& into) {
        into.push_back(MeterReading{MeterId{0}, beside + feeder, now, Quality::measured});
        into.push_back(MeterReading{MeterId{1}, feeder, now, Quality::measured});
    }

    const Site& site_;
    std::vector<bool> on_;
    std::vector<Power> caps_;
    std::vector<Order> saved_;
    bool dark_ = false;
    Steady boots_until_ = Steady::min();
};

std::string clock(Instant at) { return utc_text(at).substr(5, 14); }

/// What loads of one group were told over a while, for one reason.
struct Spell {
    Slot loads = 0;
    Instant from{}, to{};
};

class Diary {
public:
    explicit Diary(const Config& config, const Engine& engine) : config_{config}, engine_{engine} {}

    void write(const Decision& decision) {
        std::vector<std::string> lines;
        for (const Note& note : decision.notes)
            if (const std::string sentence = sentence_of(note, engine_.site()); !sentence.empty() && note.kind != NoteKind::meter_back) lines.push_back(sentence);
        std::map<std::string, std::string> binding;
        for (const Binding& b : decision.binding) {
            if (b.why.cause == Cause::price) continue;
            const std::string key = fmt::format("{} {} {} {} {}", index(b.why.policy), name_of(b.why.reason), b.scope.number, b.shortfall > Power{}, static_cast<std::uint32_t>(b.why.event));
            binding[key] = sentence_of(b, engine_.state(), decision.at, config_.site.currency) + ".";
        }
        for (const auto& [key, sentence] : binding)
            if (!binding_.contains(key)) lines.push_back(sentence);
        binding_ = std::move(binding);
        follow(decision);
        for (const std::string& line : lines) text_ += fmt::format("{}  {}\n", clock(decision.at.utc), line);
    }

    /// Where flexible loads are slowed: why, in the words of `ballast plan`, each interruptible one that relieves the limit is left as it is.
    void write_passed_over(const Decision& decision, const SiteModel& model) {
        const Site& site = engine_.site();
        const auto slows = [&](const Order& o) { return site.groups[index(o.group)].tier == Tier::flexible && !raises(o.rung) && o.rung != Rung::checkpoint; };
        const auto order = std::ranges::find_if(decision.orders, slows);
        if (order == decision.orders.end()) return;
        const auto& calls = engine_.state().obligations;
        const auto call = std::ranges::find(calls, order->why.event, &Obligation::event);
        const Wish wish{call == calls.end() ? Signal{.kind = SignalKind::dispatch} : call->signal, "operator", "", {}};
        const SkipReasons why{config_, model, engine_, wish, decision.at};
        std::map<std::string, unsigned> codes;
        for (std::size_t g = 0; g < site.groups.size(); ++g)
            for (Slot s = site.groups[g].loads.first; site.groups[g].tier == Tier::interruptible && s < site.groups[g].loads.last; ++s) ++codes[why.of(g, s).code];
        std::string line = "slowed; of what is interruptible";
        for (const auto& [code, count] : codes) line += fmt::format(" {} {},", count, code);
        line.pop_back();
        if (std::exchange(passed_over_, line) != line) text_ += fmt::format("{}  {}\n", clock(decision.at.utc), line);
    }

    void judge(const ReceiptBuilder& receipts) {
        for (const EventId event : receipts.events()) {
            const ShedReceipt r = *receipts.receipt(event);
            const auto verdict = verdict_of(config_, r);
            if (verdict) text_ += fmt::format("Call {}: {}\n", r.name, verdict->sentence);
        }
    }

    const std::string& text() const { return text_; }

private:
    /// Orders that come one after the other are told when they have ended.
    void follow(const Decision& decision) {
        for (const Order& o : decision.orders) {
            const std::string group = fmt::format("{} of {}", name_of(o.rung), engine_.site().groups[index(o.group)].name);
            Spell& spell = spells_[raises(o.rung) ? group : fmt::format("{}: {} by {}", group, name_of(o.why.reason), engine_.site().policies[index(o.why.policy)])];
            if (spell.loads == 0) spell.from = decision.at.utc;
            spell.loads += o.loads.size();
            spell.to = decision.at.utc;
        }
        std::erase_if(spells_, [&](const auto& entry) {
            const auto& [what, spell] = entry;
            if (decision.at.utc - spell.to < 1min) return false;
            text_ += fmt::format("{}  {} {}{}\n", clock(spell.from), spell.loads, what, spell.to == spell.from ? "" : ", the last at " + clock(spell.to));
            return true;
        });
    }

    const Config& config_;
    const Engine& engine_;
    std::map<std::string, std::string> binding_;
    std::map<std::string, Spell> spells_;
    std::string passed_over_;
    std::string text_;
};

void take(const Happening& what, const Config& config, const SiteModel& model, Plant& plant, Steady now, std::vector<Event>& heard) {
    if (what.dark) plant.black_out(*what.dark, what.asleep, now);
    if (what.hall) plant.hall = *what.hall;
    if (what.house) plant.house = *what.house;
    if (!what.lockout.empty()) heard.push_back(OperatorWord{Word::lockout, what.lockout, "jo", "repair", {}});
    if (!what.maintenance.empty()) heard.push_back(OperatorWord{Word::maintenance, what.maintenance, "jo", "new fans", 24h});
    if (what.signal.empty()) return;
    const auto signal = std::ranges::find(config.signals, what.signal, &SignalConfig::name);
    const auto message = wire::parse_signal_json(what.message, rules_of(*signal, model.sources.at(what.signal), config));
    if (!message) throw std::runtime_error{what.message + ": " + message.error().detail};
    heard.push_back(std::get<Signal>(*message));
}

}  // namespace

Day read_day(const std::string& path) {
    const toml::table table = toml::parse_file(path);
    const std::string text = text_of(path);
    const auto word = [&](const char* key) { return table[key].value_or(std::string{}); };
    const std::string begins = table["begins"].value_or(std::string{"2026-12-09T05:00:00Z"});
    return {text.substr(2, text.find('\n') - 2), word("policy"), word("site"), word("feeder"), *wire::parse_rfc3339(begins), happenings(table, "at"), happenings(table, "short")};
}

namespace {

/// The days' site with the keys of one of them.
std::string site_of(const Day& day) {
    std::string text = text_of(folder + "site.toml") + day.policy;
    const auto add = [&](const std::string& table, const std::string& keys) { text.insert(text.find("\n" + table + "\n") + table.size() + 2, keys); };
    add("[site]", day.site);
    add("[[feeder]]", day.feeder);
    return text;
}

}  // namespace

std::string live_through(const Day& day, bool too_little) {
    const auto config = parse_config(site_of(day), folder + "site.toml", disk_reader());
    if (!config) throw std::runtime_error{print(config.error())};
    const SiteModel model = build_site(*config);
    std::vector<Happening> coming = day.at;
    if (too_little) coming.insert(coming.end(), day.with_too_little.begin(), day.with_too_little.end());
    std::ranges::stable_sort(coming, {}, &Happening::at);

    Plant plant{model.site};
    const Instant begins = day.begins;
    const auto now = [begins](Duration t) { return Now{begins + t, Steady{t}}; };
    Engine engine{model.site, build_policies(*config, model), {}, now(0s)};
    ReceiptBuilder receipts;
    receipts.begin_epoch(engine.site(), now(0s));
    Diary diary{*config, engine};
    std::size_t next = 0;
    for (Duration t{0}; t < lasts; t += tick) {
        std::vector<Event> heard;
        for (; next < coming.size() && coming[next].at <= begins + t; ++next) take(coming[next], *config, model, plant, Steady{t}, heard);
        plant.acknowledge(Steady{t}, heard);
        plant.read(Steady{t}, heard);
        const Decision& decision = engine.step(now(t), heard);
        receipts.step(now(t), heard, decision);
        diary.write(decision);
        diary.write_passed_over(decision, model);
        plant.obey(decision.orders);
    }
    diary.judge(receipts);
    return diary.text();
}

}  // namespace ballast::tests
