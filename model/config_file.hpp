#pragma once
#include <string>

namespace ballast {

/// A file that the config was made from. The journal keeps these, and `audit` rebuilds the same config from them.
/// Secrets are never among them.
struct ConfigFile {
    std::string path;    ///< As it was asked for; the site file's own first.
    std::string text;
    std::string sha256;  ///< 64 hexadecimal digits, of `text`.
    bool operator==(const ConfigFile&) const = default;
};

}  // namespace ballast
