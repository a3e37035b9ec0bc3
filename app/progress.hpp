#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace ballast {

/// A bar on the terminal that errors go to; nothing where that is a file or a pipe. Gone when it ends.
class Progress {
public:
    Progress(std::string what, std::int64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void at(std::int64_t done);

private:
    std::string what_;
    std::int64_t total_;
    bool shown_;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace ballast
