#pragma once
#include "controller/core.hpp"

namespace ballast {

/// Whose channel it is: itself, where it is nobody else's.
inline SourceId source_of(const Site& site, SourceId channel) { return site.sources[index(channel)].same_as.value_or(channel); }

/// Whether a source is heard on more than its own channel.
bool has_channels(const Site& site, SourceId source);

/// A channel spoke; its silence is counted anew, and its source lives.
void heard_on(Core& core, SourceId channel, Steady good_until);

/// A channel has been silent for too long; its source is only if all of them are.
void fall_silent(Core& core, SourceId channel);

/// What a channel says of an obligation that stands.
enum class Heard : std::uint8_t { taken, older, duplicate, after_release };
Heard note_word(Obligation& obligation, SourceId channel, const Signal& said, bool released);

/// Whether nobody who lives holds on to it, and somebody let go.
bool let_go(const Core& core, const Obligation& obligation);

/// The safest of what its channels say: those that live, or, where none does, all.
Signal agreed(const Core& core, const Obligation& obligation);

/// Since when they differ.
void compare_words(const Core& core, Obligation& obligation);

/// Channels that have differed for too long are named.
void tell_differences(Core& core);

}  // namespace ballast
