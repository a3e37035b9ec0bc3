#pragma once
#include <string>
#include <string_view>

namespace ballast::sqlite {

/// In lower-case hexadecimal, as sha256sum prints it.
std::string sha256(std::string_view text);

}  // namespace ballast::sqlite
