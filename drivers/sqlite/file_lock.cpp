#include "drivers/sqlite/file_lock.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace ballast::sqlite {

Result<FileLock> FileLock::take(const std::string& path) {
    const std::string name = path + ".lock";
    const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0)
        return fail(Errc::refused, fmt::format("journal {}: cannot make {}: {}; give the user that runs ballast the folder, or change [journal] path",
                                               path, name, std::strerror(errno)));
    FileLock lock{descriptor};
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        char holder[16] = {};
        const auto size = ::pread(descriptor, holder, sizeof holder - 1, 0);
        const std::string who = size > 0 ? fmt::format("process {}", std::string{holder, holder + std::strcspn(holder, "\n")}) : "another process";
        return fail(Errc::refused, fmt::format("journal {}: {} is writing it; end that one, or change [journal] path", path, who));
    }
    const std::string self = fmt::format("{}\n", ::getpid());
    if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, self.data(), self.size(), 0) < 0) {}  // Only for the message above.
    return lock;
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace ballast::sqlite
