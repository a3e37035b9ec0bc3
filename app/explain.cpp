#include "app/explain.hpp"

#include "app/binding_text.hpp"
#include "app/decision_text.hpp"
#include "app/explain_load.hpp"
#include "app/receipt.hpp"
#include "app/response_text.hpp"
#include "app/standing_text.hpp"
#include "model/names.hpp"
#include "model/utc.hpp"
#include "wire/plain_json.hpp"
#include "wire/rfc3339.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast {
namespace {

constexpr std::int64_t any_step = INT64_MAX;

struct Explanation {
    Instant at{};
    std::vector<std::string> sentences;
};

auto unknown(std::string what) { return fail(Errc::refused, std::move(what)); }

Result<EpochEntry> epoch_at(const JournalReader& journal, Instant at) {
    const auto epochs = journal.epochs();
    if (!epochs) return tl::unexpected{epochs.error()};
    const EpochEntry* found = nullptr;
    for (const EpochEntry& epoch : *epochs)
        if (!found || epoch.began.utc <= at) found = &epoch;
    if (!found) return unknown(fmt::format("journal {} has recorded nothing yet", journal.path()));
    if (found->began.utc > at) return unknown(fmt::format("journal {} begins at {}, after {}", journal.path(), utc_text(found->began.utc), utc_text(at)));
    return *found;
}

/// The epoch that holds a step.
Result<std::optional<EpochEntry>> epoch_of(const JournalReader& journal, std::int64_t step) {
    const auto epochs = journal.epochs();
    if (!epochs) return tl::unexpected{epochs.error()};
    std::optional<EpochEntry> found;
    for (const EpochEntry& epoch : *epochs)
        if (epoch.first_step <= step) found = epoch;
    return found;
}

/// The order that stood at `facts` was given in an earlier epoch: what was said and in force there.
Result<void> look_back(const JournalReader& journal, const std::string& load, LoadFacts& facts) {
    const auto step = journal.step_of(facts.state.order);
    if (!step) return tl::unexpected{step.error()};
    if (!*step) return {};
    const auto entry = epoch_of(journal, **step);
    if (!entry) return tl::unexpected{entry.error()};
    if (!*entry) return {};
    const auto epoch = rebuild(journal, **entry);
    if (!epoch) return tl::unexpected{epoch.error()};
    const auto slot = epoch->model.slots.find(load);
    if (slot == epoch->model.slots.end()) return {};
    auto earlier = follow(journal, *epoch, slot->second, open_end, **step);
    if (!earlier) return tl::unexpected{earlier.error()};
    facts.order = std::move(earlier->order);
    if (!facts.miss) facts.miss = earlier->miss;
    return {};
}

Result<Explanation> explain_load(const JournalReader& journal, const std::string& load, Instant at) {
    const auto entry = epoch_at(journal, at);
    if (!entry) return tl::unexpected{entry.error()};
    const auto epoch = rebuild(journal, *entry);
    if (!epoch) return tl::unexpected{epoch.error()};
    const auto slot = epoch->model.slots.find(load);
    if (slot == epoch->model.slots.end())
        return unknown(fmt::format("site {} had no load called {} then; its {} loads go by the ids of the site file, as {}", epoch->config.site.name, load,
                                   epoch->model.site.loads.size(), epoch->model.site.loads.back().name));
    auto facts = follow(journal, *epoch, slot->second, at, any_step);
    if (!facts) return tl::unexpected{facts.error()};
    if (!facts->order && facts->state.order != OrderId{})
        if (const auto back = look_back(journal, load, *facts); !back) return tl::unexpected{back.error()};
    return Explanation{facts->at, sentences(*facts, *epoch, slot->second)};
}

Result<Explanation> explain_site(const JournalReader& journal, Instant at) {
    const auto entry = epoch_at(journal, at);
    if (!entry) return tl::unexpected{entry.error()};
    const auto epoch = rebuild(journal, *entry);
    if (!epoch) return tl::unexpected{epoch.error()};
    auto engine = epoch->engine();
    if (!engine) return tl::unexpected{engine.error()};
    Now last = entry->began;
    std::vector<Binding> bound;
    std::vector<Overruled> overruled;
    const auto run = execute(journal, *epoch, *engine, at, [&](const Executed& step) {
        last = step.stored.now;
        bound.assign(step.decision.binding.begin(), step.decision.binding.end());
        overruled.assign(step.decision.overruled.begin(), step.decision.overruled.end());
        return true;
    });
    if (!run) return tl::unexpected{run.error()};
    Explanation all;
    all.at = last.utc;
    for (std::size_t i = 0; i < bound.size(); ++i)
        all.sentences.push_back(sentence_of(bound[i], engine->state(), last, epoch->config.site.currency) + proof_of(bound[i], engine->site()) + outweighed(overruled, i, engine->site()) + ".");
    const auto standing = standing_sentences(engine->state(), last);
    all.sentences.insert(all.sentences.end(), standing.begin(), standing.end());
    if (bound.empty()) all.sentences.push_back("Nothing bound the site: what may run was allowed to.");
    for (std::string& sentence : learned_sentences(engine->state())) all.sentences.push_back(std::move(sentence));
    return all;
}

Result<Explanation> explain_event(const JournalReader& journal, const std::string& event) {
    const auto found = find_receipt(journal, event);
    if (!found) return tl::unexpected{found.error()};
    const ShedReceipt& r = found->receipt;
    Explanation all;
    all.at = r.heard.utc;
    const std::string who = r.signal ? fmt::format("{} from {}", name_of(r.signal->kind), r.source) : fmt::format("policy {} ({})", r.policy, name_of(r.reason));
    all.sentences.push_back(fmt::format("Event {} was opened at {} by the {}{}; {}.", r.name, utc_text(r.heard.utc), who,
                                        r.limit ? fmt::format(", which left the site at most {}", print(*r.limit)) : "",
                                        r.closed ? "it was over at " + utc_text(r.closed->utc) : std::string{"it is still open"}));
    if (!r.aborted.empty()) all.sentences.push_back(fmt::format("It was aborted: {}.", r.aborted));
    all.sentences.push_back(fmt::format("{} load(s) were ordered off, {} acknowledged and {} were seen to obey; {} were missed.", r.ordered, r.acknowledged, r.obeyed, r.misses.size()));
    if (r.reason == Reason::beyond_quota) all.sentences.push_back("It was declined: it is more than its programme may call for.");
    for (auto m = r.moments.rbegin(); m != r.moments.rend() && r.ordered > 0; ++m)
        if (m->meter && !r.over_by(*m)) {
            all.sentences.push_back(fmt::format("The meter went from {} to {} within {} s, of which {} was shed.", print(r.reference), print(*m->meter), m->after.count() / 1'000, print(*m->shed())));
            break;
        }
    if (r.worst_shortfall > Power{}) all.sentences.push_back(fmt::format("Up to {} could not be shed: nothing eligible was left.", print(r.worst_shortfall)));
    return all;
}

Result<Instant> moment(const std::string& text) {
    if (text.empty()) return open_end;
    const auto at = wire::parse_rfc3339(text);
    if (!at) return unknown(fmt::format("--at {}: {}", text, at.error()));
    return *at;
}

Result<Explanation> explanation(const JournalReader& journal, const ExplainOptions& options) {
    const auto at = moment(options.at);
    if (!at) return tl::unexpected{at.error()};
    if (!options.event.empty()) return explain_event(journal, options.event);
    return options.load.empty() ? explain_site(journal, *at) : explain_load(journal, options.load, *at);
}

}  // namespace

int explain(const ExplainOptions& options, std::FILE* out, std::FILE* errors) {
    const auto complain = [&](const Error& error, int status) { return fmt::print(errors, "ballast: {}\n", error.detail), status; };
    const auto journal = JournalReader::open(options.journal);
    if (!journal) return complain(journal.error(), 2);
    const auto said = explanation(*journal, options);
    if (!said) return complain(said.error(), said.error().code == Errc::refused ? 2 : 1);
    if (options.json) {
        boost::json::array sentences;
        for (const std::string& s : said->sentences) sentences.emplace_back(s);
        fmt::print(out, "{}\n", wire::plain_json(boost::json::object{{"at", utc_text(said->at)}, {"load", options.load}, {"event", options.event}, {"sentences", sentences}}));
        return 0;
    }
    fmt::print(out, "At {}:\n", utc_text(said->at));
    for (const std::string& s : said->sentences) fmt::print(out, "{}\n", s);
    return 0;
}

}  // namespace ballast
