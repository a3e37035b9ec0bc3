#pragma once
#include "controller/journal.hpp"
#include "model/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// Writes a replay as the loop would have written those days: an epoch at its beginning and each day, and every step.
/// The disk sets the pace; what cannot be written ends the journal, not the replay.
class ReplayJournal {
public:
    /// The file must be new. `files` are the config's; a note is added that it is a replay, and of which signal.
    static Result<std::unique_ptr<ReplayJournal>> open(const std::string& path, std::int64_t keep_mb,
                                                       std::vector<EpochFile> files, const std::string& signal);
    ~ReplayJournal();

    /// Begins an epoch when it is time: the engine goes on from its own snapshot.
    void instant(Engine& engine, Now now);
    void step(Now now, std::span<const Event> heard, const Decision& decision);

    /// What went wrong, if anything did.
    Result<void> result() const;

private:
    struct Parts;
    explicit ReplayJournal(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// The price signal that was replayed, where an epoch is of a replay: its site was study::as_replayed.
std::optional<std::string> replayed_signal(const std::vector<EpochFile>& files);

}  // namespace ballast
