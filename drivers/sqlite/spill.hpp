#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ballast::sqlite {

/// Beside the journal at `journal`.
inline std::string spill_path(const std::string& journal) { return journal + ".spill"; }

/// Where a journal's database ends: its newest epoch and step, 0 for none.
struct Position {
    std::int64_t epoch = 0, step = 0;
    std::int64_t began_ms = 0;         ///< That epoch's UTC, by which another database is told from ours.
    bool operator==(const Position&) const = default;
};

enum class SpillKind : std::uint8_t { names = 1, epoch, step };

struct SpillRecord {
    SpillKind kind{};
    std::string bytes;
    std::int64_t began_ms = 0;          ///< Of an epoch: as in Position.
    std::uint64_t missed = 0;           ///< Of an epoch: steps missing before it, which are lost with it.
    bool operator==(const SpillRecord&) const = default;
};

/// What a spill holds that its database does not.
struct SpillContents {
    std::uint64_t lost = 0;             ///< Steps before the first of `records` that had to make room.
    std::vector<SpillRecord> records;   ///< Oldest first.
};

/// Beside the database, in disk that was reserved beforehand: what the database has no room for. Records go one behind the
/// other through two halves of the file. A half begins anew only with an epoch, which needs nothing before it; what lay
/// there was the oldest, and is counted. So a process that is killed at any instruction finds, database and spill together,
/// either everything or an epoch and all that came after it. Blocking; for one thread.
class Spill {
public:
    /// Reads what is there, as far as it goes on from a database that ends at `at`; anything else will be written over.
    Spill(std::string path, std::int64_t bytes, Position at);
    ~Spill();
    Spill(const Spill&) = delete;
    Spill& operator=(const Spill&) = delete;

    /// Has the disk set aside what was asked for, or a half or quarter of it and so on, as it has room. Empty, or why it cannot.
    std::string reserve();

    /// Records found at the start that go on from some other database's end: they will be written over.
    std::size_t foreign() const { return foreign_; }
    bool empty() const { return waiting_ == 0; }
    /// Epochs and steps that wait.
    std::size_t waiting() const { return waiting_; }
    const std::string& path() const { return path_; }

    /// Of an empty spill: what follows goes on from `at`. False: it cannot be had on disk; so with the others.
    bool begin(Position at);
    /// In the half being written.
    bool has_room_for(const SpillRecord& record) const;
    /// The half being written is nearly full of steps: an epoch would begin the other one before anything has to be refused.
    bool wants_epoch() const { return waiting_ > 0 && end_ > half_bytes_ / 10 * 9 && epoch_end_ < half_bytes_ / 4; }
    /// On disk when it returns true.
    bool append(const SpillRecord& record);
    /// Begins the other half, for this epoch; `at` is where the database ends now.
    bool turn(const SpillRecord& epoch, Position at);

    /// The oldest that waits. Nothing: it cannot be read any more.
    std::optional<SpillRecord> front() const;
    /// Steps lost just before it.
    std::uint64_t lost() const { return lost_; }
    /// The last record before it that names things, or nothing.
    std::optional<SpillRecord> names() const;
    /// The database has it.
    void pop();
    /// Gives up what waits before the next epoch, whose steps count as lost before that. False: no epoch waits.
    bool skip_to_epoch();
    /// Gives up what waits, and says how many steps that were.
    std::uint64_t drop();

    /// For those who only read, while the owner may be at work.
    static SpillContents read(const std::string& path, Position at);

private:
    struct Place {
        SpillKind kind{};
        int half = 0;
        std::uint64_t generation = 0;
        std::int64_t offset = 0;        ///< Of its frame.
        std::uint32_t size = 0;
        std::int64_t began_ms = 0;
        std::uint64_t missed = 0;

        /// Steps that are lost if it is.
        std::uint64_t steps() const { return kind == SpillKind::step ? 1 : missed; }
    };
    struct Header;

    void load(Position at);
    void invalidate();
    int set_aside(std::int64_t bytes);
    std::optional<Header> header(int half) const;
    void list(int half, std::uint64_t generation, std::int64_t& end);
    bool goes_on_from(Position at, const Header& header);
    bool write_header(const Header& header);
    std::optional<SpillRecord> read(const Place& place) const;
    std::optional<SpillRecord> names_before(std::size_t n) const;

    std::string path_;
    int descriptor_ = -1;
    std::int64_t bytes_ = 0, half_bytes_ = 0;  ///< Asked for; of the file as it is.
    bool reserved_ = false;
    int half_ = 0;                      ///< Being written.
    std::uint64_t generation_ = 0;      ///< Of that half; 0: of none.
    std::int64_t end_ = 0;              ///< Where in it the next frame goes;
    std::int64_t epoch_end_ = 0;        ///< and where its last epoch ends, or it began.
    std::vector<Place> places_;         ///< Of both halves, oldest first.
    std::size_t next_ = 0;              ///< The first that waits.
    std::size_t waiting_ = 0;
    std::uint64_t lost_ = 0;
    std::size_t foreign_ = 0;
};

}  // namespace ballast::sqlite
