#pragma once
#include <string>
#include <string_view>

namespace ballast::wire {

/// A stranger's bytes made fit to show: valid UTF-8, no control characters (each bad byte becomes '?'), at most
/// `most_bytes`, the last of which are "..." where something was cut off.
std::string printable(std::string_view text, std::size_t most_bytes);

/// All of it is valid UTF-8 without control characters.
bool is_printable(std::string_view text);

}  // namespace ballast::wire
