#include "app/audit.hpp"

#include "app/decision_text.hpp"
#include "app/progress.hpp"
#include "app/rebuilt.hpp"
#include "controller/encoding.hpp"
#include "drivers/sqlite/journal_file.hpp"
#include "model/utc.hpp"
#include "wire/plain_json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>

namespace ballast {
namespace {

/// Where a re-execution and the record part.
struct Difference {
    std::int64_t epoch = 0, step = 0;
    unsigned revision = 0;
    Instant at{};
    bool altered = false;  ///< The decision is the same, its digest is not: somebody touched the row.
    std::vector<std::string> recorded, now;
};

/// A step whose rows in the tables for people are not those that it gave.
struct Tampered {
    std::int64_t step = 0;
    std::size_t gave = 0, there = 0;
};

struct Findings {
    std::size_t epochs = 0;
    std::int64_t steps = 0;
    std::int64_t last_step = 0;              ///< As far as was read; 0: there was none.
    Instant last_at{};
    std::vector<std::int64_t> alike;         ///< Epochs of other revisions that ours decides alike.
    std::size_t left_epochs = 0;             ///< After the first difference, not executed again.
    std::int64_t left_steps = 0;             ///< Likewise; with the rest of the epochs of other revisions that differ.
    std::uint64_t missed = 0;                ///< Steps that the journal says it missed.
    std::vector<Difference> other_revision;
    std::optional<Difference> difference;    ///< Within our revision.
    std::optional<Tampered> tampered;        ///< The first.
    bool well() const { return !difference && !tampered; }
};

/// How many rows a step gave the tables for people.
std::size_t readable(const StoredStep& step) {
    return static_cast<std::size_t>(std::ranges::count_if(step.heard, sqlite::is_told)) + step.decision.orders.size() + step.decision.misses.size() + step.decision.notes.size();
}

/// Rows that did not hold up their step may be missing after a crash; what still waits for room on the disk has none yet.
Result<void> count_rows(const JournalReader& journal, const std::map<std::int64_t, std::size_t>& gave, Findings& found) {
    if (gave.empty() || found.tampered) return {};
    const auto there = journal.readable_rows(gave.begin()->first, gave.rbegin()->first);
    if (!there) return tl::unexpected{there.error()};
    for (const auto& [step, rows] : gave) {
        const auto row = there->find(step);
        if (row == there->end()) continue;  // Dropped by retention since it was read.
        const std::size_t count = row->second;
        if (count == rows || (rows > sqlite::rows_at_once && count < rows)) continue;
        found.tampered = {step, rows, count};
        return {};
    }
    return {};
}

/// Compares the epoch's steps, up to its first difference.
Result<std::optional<Difference>> compare(const JournalReader& journal, const Rebuilt& epoch, Findings& found, Progress& progress) {
    auto engine = epoch.engine();
    if (!engine) return tl::unexpected{engine.error()};
    std::optional<Difference> difference;
    std::string bytes;
    std::uint64_t chained = 0;
    std::map<std::int64_t, std::size_t> gave;
    const auto run = execute(journal, epoch, *engine, open_end, [&](const Executed& e) {
        bytes.clear();
        encode(bytes, e.stored.now, e.decision);
        chained = chain(chained, sqlite::digest_of(e.stored.now, e.stored.heard, e.decision));
        found.last_step = e.stored.id;
        found.last_at = e.stored.now.utc;
        const bool same = bytes == e.stored.decision_bytes;
        if (!same || chained != e.stored.digest) {
            const Site& site = epoch.model.site;
            difference = {epoch.entry.id, e.stored.id, epoch.entry.revision, e.stored.now.utc, same,
                          lines_of(e.stored.decision.view(), site), lines_of(e.decision, site)};
            return false;
        }
        if (!journal.waits(e.stored.id)) gave.emplace_hint(gave.end(), e.stored.id, readable(e.stored));
        progress.at(++found.steps);
        return true;
    });
    if (!run) return tl::unexpected{run.error()};
    if (const auto counted = count_rows(journal, gave, found); !counted) return tl::unexpected{counted.error()};
    return difference;
}

Result<Findings> go_through(const JournalReader& journal, const std::vector<EpochEntry>& epochs) {
    Findings found;
    std::int64_t total = 0;
    for (const EpochEntry& epoch : epochs) total += epoch.steps;
    Progress progress{"audit", total};
    for (const EpochEntry& epoch : epochs) {
        const auto rebuilt = rebuild(journal, epoch);
        if (!rebuilt) return tl::unexpected{rebuilt.error()};
        auto difference = compare(journal, *rebuilt, found, progress);
        if (!difference) return tl::unexpected{difference.error()};
        ++found.epochs;
        found.missed += epoch.missed_steps;
        if (!*difference) {
            if (epoch.revision != Engine::revision) found.alike.push_back(epoch.id);
            continue;
        }
        found.left_steps += std::max<std::int64_t>(epoch.first_step + epoch.steps - (*difference)->step - 1, 0);
        if (epoch.revision == Engine::revision) {
            found.difference = std::move(*difference);
            break;
        }
        found.other_revision.push_back(std::move(**difference));
    }
    for (const EpochEntry& epoch : std::span{epochs}.subspan(found.epochs)) {
        ++found.left_epochs;
        found.left_steps += epoch.steps;
    }
    return found;
}

// ---- for people

void print_decision(std::FILE* out, const char* title, const std::vector<std::string>& lines, const std::vector<std::string>& other) {
    fmt::print(out, "{}\n", title);
    for (const std::string& line : lines) fmt::print(out, "  {} {}\n", std::ranges::find(other, line) == other.end() ? '*' : ' ', line);
}

void print(std::FILE* out, const Findings& found) {
    for (const Difference& d : found.other_revision)
        fmt::print(out, "Epoch {} was decided by engine revision {}; revision {} decides otherwise from step {} on ({}).\n", d.epoch, d.revision, Engine::revision,
                   d.step, utc_text(d.at));
    if (!found.alike.empty())
        fmt::print(out, "{} epoch(s), {} to {}, were decided by other engine revisions, and revision {} decides them alike.\n", found.alike.size(),
                   found.alike.front(), found.alike.back(), Engine::revision);
    fmt::print(out, "{} epoch(s), {} step(s) executed again{}.\n", found.epochs, found.steps,
               found.missed > 0 ? fmt::format("; the journal says that it missed {} step(s)", found.missed) : std::string{});
    if (found.last_step > 0) fmt::print(out, "Read up to step {} ({}); whether more was ever written after the last, a journal cannot tell.\n", found.last_step, utc_text(found.last_at));
    if (found.left_steps > 0)
        fmt::print(out, "NOT executed again, because they follow a difference: {} step(s){}.\n", found.left_steps,
                   found.left_epochs > 0 ? fmt::format(", {} epoch(s) among them", found.left_epochs) : "");
    if (found.tampered)
        fmt::print(out, "CHANGED: step {} gave {} row(s) to the tables for people (signal, word, note, ordered, miss), and they have {} of it: somebody else wrote there. What is decided does not depend on them; what `receipt` and `explain` list does.\n",
                   found.tampered->step, found.tampered->gave, found.tampered->there);
    if (!found.difference) {
        if (found.other_revision.empty()) fmt::print(out, "Every decision is what the engine decides.\n");
        return;
    }
    const Difference& d = *found.difference;
    fmt::print(out, "DIFFERENT at step {} of epoch {} ({}){}\n", d.step, d.epoch, utc_text(d.at),
               d.altered ? ": the decision is the same, but the digest of what was heard and decided is not; the row was altered, or one before it" : "");
    print_decision(out, "The journal says:", d.recorded, d.now);
    print_decision(out, "The engine decides:", d.now, d.recorded);
}

boost::json::object json_of(const Difference& d) {
    boost::json::array recorded, now;
    for (const std::string& line : d.recorded) recorded.emplace_back(line);
    for (const std::string& line : d.now) now.emplace_back(line);
    return {{"epoch", d.epoch}, {"step", d.step}, {"at", utc_text(d.at)}, {"revision", d.revision}, {"digest_only", d.altered},
            {"recorded", std::move(recorded)}, {"decided_now", std::move(now)}};
}

boost::json::object json_of(const Findings& found) {
    boost::json::array others;
    for (const Difference& d : found.other_revision) others.push_back(json_of(d));
    return {{"ok", found.well()},     {"epochs", found.epochs},
            {"steps", found.steps},        {"missed_steps", found.missed},
            {"last_step", found.last_step}, {"last_at", found.last_step > 0 ? boost::json::value(utc_text(found.last_at)) : boost::json::value(nullptr)},
            {"other_revisions_alike", found.alike.size()}, {"not_executed_steps", found.left_steps}, {"not_executed_epochs", found.left_epochs},
            {"revision", Engine::revision}, {"other_revisions", std::move(others)},
            {"tables", found.tampered ? boost::json::value(boost::json::object{{"step", found.tampered->step}, {"gave", found.tampered->gave}, {"there", found.tampered->there}}) : boost::json::value(nullptr)},
            {"difference", found.difference ? boost::json::value(json_of(*found.difference)) : boost::json::value(nullptr)}};
}

}  // namespace

int audit(const AuditOptions& options, std::FILE* out, std::FILE* errors) {
    const auto complain = [&](const Error& error, int status) { return fmt::print(errors, "ballast: {}\n", error.detail), status; };
    const auto journal = JournalReader::open(options.journal);
    if (!journal) return complain(journal.error(), 2);
    const auto epochs = journal->epochs();
    if (!epochs) return complain(epochs.error(), 1);
    if (epochs->empty()) return complain({Errc::refused, fmt::format("journal {} has recorded nothing yet", journal->path())}, 2);
    const auto found = go_through(*journal, *epochs);
    if (!found) return complain(found.error(), 1);
    if (options.json) fmt::print(out, "{}\n", wire::plain_json(json_of(*found)));
    else print(out, *found);
    return found->well() ? 0 : 1;
}

}  // namespace ballast
