#pragma once
#include "drivers/asic/health.hpp"
#include "model/ids.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace ballast::asic {

/// What a driver has noted of a machine, for people: the engine decides nothing by it.
struct MachineNote {
    Health health;                   ///< By the last look; empty of one that rests.
    unsigned boards_had = 0;         ///< The most it ever showed, or says are built in; 0: unknown.
    std::uint8_t ails = 0;           ///< By two looks in a row.
    Steady looked = Steady::min();   ///< min: not yet.
    std::string error;               ///< The last thing that went wrong between us; at most 120 bytes, printable. Empty: nothing.
    Steady erred = Steady::min();
    std::uint32_t errors = 0;        ///< How often anything has, since the process began.
};

/// A note for each load, in pieces that are shared with whoever reads and copied when they change: writing costs O(changes),
/// reading O(loads / 64), and neither waits for the other for longer than that.
class MachineNotes {
public:
    static constexpr std::size_t piece = 64;
    using Piece = std::array<MachineNote, piece>;

    /// As it was when it was read, whatever is written afterwards.
    class View {
    public:
        /// Null for a load of which nothing was ever noted.
        const MachineNote* note(Slot load) const {
            const std::size_t at = load / piece;
            return at < pieces_.size() && pieces_[at] ? &(*pieces_[at])[load % piece] : nullptr;
        }

    private:
        friend class MachineNotes;
        std::vector<std::shared_ptr<const Piece>> pieces_;
    };

    explicit MachineNotes(std::size_t loads) : pieces_((loads + piece - 1) / piece), shared_(pieces_.size()) {}

    /// From one thread.
    template <class Change>
    void amend(Slot load, Change change) {
        const std::lock_guard lock{mutex_};
        change((*own(load / piece))[load % piece]);
    }

    void erred(Slot load, std::string_view what, Steady at);

    /// From any thread.
    View read() const;

private:
    Piece* own(std::size_t at);

    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<Piece>> pieces_;
    mutable std::vector<char> shared_;  ///< Somebody may still read this piece.
};

}  // namespace ballast::asic
