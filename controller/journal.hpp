#pragma once
#include "controller/engine.hpp"
#include "model/event.hpp"
#include "model/order.hpp"

#include <boost/asio/awaitable.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ballast {

namespace asio = boost::asio;

/// Why the controller began from a snapshot.
enum class EpochCause : std::uint8_t {
    start,   ///< The process began.
    reload,  ///< Another config, or other ratings.
    hourly,  ///< So that no audit need re-execute more, and retention has something to drop.
    gap,     ///< The journal missed steps and writes again; what lies between is not known.
    leave,   ///< The process ends: loads are left as `on_exit` says, by the policies for that.
};

constexpr std::string_view name_of(EpochCause v) {
    switch (v) {
    case EpochCause::start: return "start";
    case EpochCause::reload: return "reload";
    case EpochCause::hourly: return "hourly";
    case EpochCause::gap: return "gap";
    case EpochCause::leave: return "leave";
    }
    return {};
}

/// A file that the config was made of, as it was read. Secrets are never among them.
struct EpochFile {
    std::string path;  ///< The site file's own first; others as the site file names them.
    std::string text;
    bool operator==(const EpochFile&) const = default;
};

/// All that a re-execution begins with.
struct EpochStart {
    EpochCause cause{};
    Now at;
    unsigned revision = Engine::revision;
    std::vector<EpochFile> files;
    Snapshot snapshot;             ///< The engine's, after its last step.
    const Site* site = nullptr;    ///< For the names in the readable tables; copied before the first suspension.
};

/// One step, as the engine saw it and left it. The spans are copied before the first suspension.
struct StepRecord {
    Now now;
    std::span<const Event> heard;
    Decision decision;
};

/// What became of a record. Only `yes` allows a raise to be sent; whatever lowers is sent with any of them.
enum class Written : std::uint8_t {
    yes,     ///< On disk. It survives the loss of power.
    late,    ///< Not yet after `journal_patience`, or beside the journal, whose disk is full. Nothing is missing; a later `yes` covers it.
    missed,  ///< It will never be there. Nothing is recorded until an epoch with cause `gap` has begun.
};

/// No step waits longer for the disk.
constexpr Duration journal_patience{50};

/// The record that everything sent is justified by. Called by the loop only, one call at a time; each answers within
/// about `journal_patience` and never throws for the disk's sake.
///
/// The loop, after each step worth keeping: `append`; on `yes` send everything; else send only what lowers, give each
/// withheld order a Receipt with Fate::withheld and the engine a JournalHealth{false}; when each has been
/// `yes` for a while, JournalHealth{true}. On `missed`, about once a second, `begin_epoch` with cause `gap` and a snapshot taken after the last
/// step, before the next step is appended.
class Journal {
public:
    virtual ~Journal() = default;
    virtual asio::awaitable<Written> begin_epoch(EpochStart start) = 0;
    virtual asio::awaitable<Written> append(StepRecord step) = 0;

    /// What is wrong, for an alarm: names the file and the remedy. Empty: nothing.
    virtual std::string trouble() const = 0;

    /// It has little room left for steps, and more if an epoch began now.
    virtual bool wants_epoch() const { return false; }
};

}  // namespace ballast
