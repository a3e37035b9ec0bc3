#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a piece of text may be. Each check gives "" or what is wrong and what is allowed.
namespace ballast::config {

/// Letters, digits, '-', '_' and '.', at most 64, the first a letter or digit: fits topics, files and commands.
std::string wrong_name(std::string_view text);
/// The same with ':', because a MAC is a fine id.
std::string wrong_machine_id(std::string_view text);
/// A host name, an IPv4 or an IPv6 address.
std::string wrong_host(std::string_view text);
/// Six bytes in hexadecimal, parted by ':' or '-', or not at all.
std::string wrong_mac(std::string_view text);
/// An MQTT topic filter: + and # as whole levels, # last.
std::string wrong_topic(std::string_view text);
/// An MQTT topic without wildcards.
std::string wrong_plain_topic(std::string_view text);
/// RFC 6901: "" or "/data/0/price", ~ only as ~0 or ~1.
std::string wrong_pointer(std::string_view text);

/// The known word that was probably meant, "" if none is near. Another unit at the end of a key is near.
std::string nearest(std::string_view word, std::span<const std::string> known);

/// "a, b, c"; of more than 40 the first five, and how many more.
std::string listed(std::span<const std::string> words);

/// For messages: in quotes, control characters and invalid UTF-8 replaced, cut at 60 bytes.
std::string shown(std::string_view text);

}  // namespace ballast::config
