#pragma once
#include "model/result.hpp"

#include <string>
#include <utility>

namespace ballast::sqlite {

/// `<path>.lock`, held as long as this lives, so that no second process writes the same journal. Not on the database file
/// itself: closing a second descriptor of that would drop SQLite's own locks.
class FileLock {
public:
    /// An error names the process that holds it.
    static Result<FileLock> take(const std::string& path);

    FileLock(FileLock&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~FileLock();

private:
    explicit FileLock(int descriptor) : descriptor_{descriptor} {}

    int descriptor_;
};

}  // namespace ballast::sqlite
