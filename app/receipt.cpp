#include "app/receipt.hpp"

#include "app/rebuilt.hpp"
#include "model/utc.hpp"
#include "wire/plain_json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast {
namespace {

constexpr Duration after_the_end = std::chrono::minutes{15};  ///< Late acknowledgements and readings still count.

/// What stands as this epoch begins, whose journal missed steps before it.
std::vector<StandingEvent> standing_at(const Rebuilt& epoch) {
    if (epoch.entry.missed_steps == 0) return {};
    const auto engine = epoch.engine();
    return engine ? standing_events(engine->state(), engine->site(), epoch.entry.began) : std::vector<StandingEvent>{};
}

/// Also those whose beginning fell into a gap, as the epoch after it knows them. Oldest first.
Result<std::vector<OpenedEvent>> events_of(const JournalReader& journal, const std::vector<EpochEntry>& epochs) {
    auto all = journal.opened_events();
    if (!all) return all;
    for (const EpochEntry& entry : epochs) {
        if (entry.missed_steps == 0) continue;
        const auto epoch = rebuild(journal, entry);
        if (!epoch) continue;  // Those that were seen to begin can be told.
        for (const StandingEvent& e : standing_at(*epoch))
            if (std::ranges::find(*all, e.event, &OpenedEvent::event) == all->end())
                all->push_back({e.event, e.name, entry.first_step, entry.id, utc_of(entry.began, e.heard), e.reference});
    }
    std::ranges::stable_sort(*all, {}, &OpenedEvent::step);
    return all;
}

/// Feeds the epochs from the event's own on to the builder until it is over, and a while.
Result<FoundReceipt> build(const JournalReader& journal, const std::vector<EpochEntry>& epochs, const OpenedEvent& event) {
    ReceiptBuilder builder;
    std::string site;
    std::optional<Config> config;
    std::vector<LearnedGroup> learned;
    for (const EpochEntry& epoch : epochs) {
        if (epoch.id < event.epoch) continue;
        const auto rebuilt = rebuild(journal, epoch);
        if (!rebuilt) return tl::unexpected{rebuilt.error()};
        site = rebuilt->config.site.name;
        config = rebuilt->config;
        builder.begin_epoch(rebuilt->model.site, epoch.began, epoch.cause == EpochCause::start || epoch.cause == EpochCause::reload);
        if (epoch.id == event.epoch)
            if (const auto engine = rebuilt->engine()) learned = learned_groups(engine->state());
        if (epoch.missed_steps > 0) builder.resume(epoch.missed_steps, standing_at(*rebuilt));
        bool enough = false;
        const auto read = journal.each_step(epoch, [&](const StoredStep& step) {
            builder.step(step.now, step.heard, step.decision.view());
            const auto closed = builder.closed(event.event);
            enough = closed && step.now.steady > later(closed->steady, after_the_end);
            return !enough;
        });
        if (!read) return tl::unexpected{read.error()};
        if (enough) break;
    }
    auto receipt = builder.receipt(event.event);
    const auto is_ordered = [&](const LearnedGroup& g) { return receipt && std::ranges::find(receipt->groups, g.group, &ShedReceipt::GroupResponse::group) != receipt->groups.end(); };
    std::erase_if(learned, [&](const LearnedGroup& g) { return !is_ordered(g); });
    if (!receipt) return fail(Errc::malformed, fmt::format("journal {}: event {} is listed, but no step opens it", journal.path(), event.name));
    auto verdict = config ? verdict_of(*config, *receipt) : std::nullopt;
    return FoundReceipt{std::move(*receipt), std::move(site), std::move(verdict), {}, std::move(learned)};
}

std::string line(const OpenedEvent& e) {
    return fmt::format("{:>8}  {}  {:9.3f} MW  {}", static_cast<std::uint32_t>(e.event), utc_text(e.at), static_cast<double>(e.reference.count) / 1e6, e.name);
}

int list(const std::vector<OpenedEvent>& events, bool json, std::FILE* out) {
    if (json) {
        boost::json::array all;
        for (const OpenedEvent& e : events)
            all.push_back(boost::json::object{{"event", static_cast<std::uint32_t>(e.event)}, {"id", e.name}, {"heard", utc_text(e.at)}, {"reference_w", e.reference.count}});
        fmt::print(out, "{}\n", wire::plain_json(all));
        return 0;
    }
    if (events.empty()) fmt::print(out, "No event is in this journal.\n");
    else fmt::print(out, "{:>8}  {:24}  {:>12}  {}\n", "number", "heard", "reference", "event");
    for (const OpenedEvent& e : events) fmt::print(out, "{}\n", line(e));
    return 0;
}

/// The newest few.
std::string numbers(const std::vector<EventId>& events) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = events.size() - std::min(most, events.size()); i < events.size(); ++i) text += fmt::format("{}{}", text.empty() ? "" : ", ", static_cast<std::uint32_t>(events[i]));
    return text;
}

auto unknown(const std::vector<OpenedEvent>& events, const std::string& journal, const std::string& event) {
    if (events.empty()) return fail(Errc::refused, fmt::format("journal {} knows no event {}; it has none", journal, event));
    std::string text = fmt::format("journal {} knows no event {}; its newest are:", journal, event);
    for (auto e = events.end() - std::min<std::ptrdiff_t>(10, std::ssize(events)); e != events.end(); ++e) text += "\n" + line(*e);
    return fail(Errc::refused, text);
}

}  // namespace

Result<FoundReceipt> find_receipt(const JournalReader& journal, const std::string& event) {
    const auto epochs = journal.epochs();
    if (!epochs) return tl::unexpected{epochs.error()};
    const auto events = events_of(journal, *epochs);
    if (!events) return tl::unexpected{events.error()};
    const auto named = std::ranges::find_if(events->rbegin(), events->rend(), [&](const OpenedEvent& e) {
        return e.name == event || std::to_string(static_cast<std::uint32_t>(e.event)) == event;
    });
    if (named == events->rend()) return unknown(*events, journal.path(), event);
    auto found = build(journal, *epochs, *named);
    if (found)
        for (const OpenedEvent& e : *events)
            if (e.name == event && e.event != named->event) found->namesakes.push_back(e.event);
    return found;
}

int receipt(const ReceiptOptions& options, std::FILE* out, std::FILE* errors) {
    const auto complain = [&](const Error& error, int status) { return fmt::print(errors, "ballast: {}\n", error.detail), status; };
    const auto journal = JournalReader::open(options.journal);
    if (!journal) return complain(journal.error(), 2);
    if (options.event.empty()) {
        const auto epochs = journal->epochs();
        const auto events = epochs ? events_of(*journal, *epochs) : journal->opened_events();
        return events ? list(*events, options.json, out) : complain(events.error(), 1);
    }
    const auto found = find_receipt(*journal, options.event);
    if (!found) return complain(found.error(), found.error().code == Errc::refused ? 2 : 1);
    if (options.json) {
        boost::json::object all = receipt_json(found->receipt, found->site, found->verdict);
        all["learned"] = learned_json(found->learned);
        fmt::print(out, "{}\n", wire::plain_json(all));
    } else {
        if (!found->namesakes.empty()) fmt::print(out, "{} older event(s) are called {} too; a number tells them apart: {}\n\n", found->namesakes.size(), options.event, numbers(found->namesakes));
        fmt::print(out, "{}{}{}", print(found->receipt), print(found->learned), found->verdict ? fmt::format("\nProgramme {}: {}\n", found->verdict->programme, found->verdict->sentence) : "");
    }
    return 0;
}

}  // namespace ballast
