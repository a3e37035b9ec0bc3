#pragma once
#include <string>
#include <string_view>

namespace ballast {

/// Of the project, and of the git tree it was built in ("-dirty" with changes); empty: built from no git tree.
/// Written by app/write_revision.cmake, so that a commit compiles nothing else.
extern const std::string_view version, git_revision;

/// What `ballast --version` prints: what a bug report should say, and which journals it reads.
std::string version_text();

}  // namespace ballast
