#include "app/recover.hpp"

#include "app/rebuilt.hpp"
#include "app/takeover.hpp"
#include "drivers/sqlite/journal_reader.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <stdexcept>

namespace ballast {

namespace {

constexpr const char* afresh = "; move it away to begin afresh: what is in force is asked for anew";

template <class T>
T needed(Result<T> result) {
    if (!result) throw std::runtime_error{result.error().detail};
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Steps the journal's last epoch again, under the config it was decided with, to where it broke off.
Recovered executed_again(const JournalReader& reader, const EpochEntry& epoch, const EpochContents& contents, const Config& config) {
    const SiteModel model = build_site(config);
    const auto unusable = [&](std::string_view why) {
        return std::runtime_error{fmt::format("journal {}: {}{}", reader.path(), why, afresh)};
    };
    auto engine = [&] {
        try {
            return Engine{model.site, policies_of(epoch.cause, config, model), contents.snapshot, epoch.began};
        } catch (const std::runtime_error& e) {
            throw unusable(e.what());
        }
    }();
    Now last = epoch.began;
    const auto read = reader.each_step(epoch, [&](const StoredStep& step) {
        if (const std::string why = unfit(model.site, last, step); !why.empty()) throw unusable(fmt::format("step {} is damaged: {}", step.id, why));
        engine.step(step.now, step.heard);
        last = step.now;
        return true;
    });
    if (!read) throw std::runtime_error{read.error().detail + afresh};
    const std::string waited = reader.waiting() > 0 ? fmt::format(" (its last {} waited for room on the journal's disk)", reader.waiting()) : "";
    return {engine.snapshot(last), last, fmt::format("journal: went through {} step(s) since {} again{}; what was in force is in force", epoch.steps, name_of(epoch.cause), waited), true, resting_by_us(engine)};
}

}  // namespace

Recovered recover(const std::string& path) {
    if (!std::filesystem::exists(path)) return {};
    const JournalReader reader = needed(JournalReader::open(path));
    const auto epoch = needed(reader.last_epoch());
    if (!epoch) return {};
    const EpochContents contents = needed(reader.contents(*epoch));
    if (contents.files.empty()) throw std::runtime_error{path + ": its last epoch names no config; move the file away to begin afresh"};
    const auto config = config_of(contents.files);
    if (config) return executed_again(reader, *epoch, contents, *config);
    return {contents.snapshot, epoch->began, "journal: the config of its last epoch is not understood by this version; going on from that epoch's beginning", false};
}

}  // namespace ballast
