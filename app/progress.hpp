#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace ballast {

/// How many columns a terminal has whose line can be written anew; 0: it is none, or says by TERM that it cannot.
unsigned columns_of(int descriptor);

/// "replay [=====     ] 50 of 100" in fewer than `columns`; without its bar, then without its count where that is too long, and empty where nothing fits.
/// `left`: that time goes behind it where there is room.
std::string progress_line(const std::string& what, std::int64_t done, std::int64_t total, unsigned columns, const std::string& left = {});

/// "40 s left", "12 min left", by how long `done` of `total` have taken; empty while that says little.
std::string time_left(std::int64_t done, std::int64_t total, std::chrono::milliseconds taken);

/// A bar on the terminal that errors go to; nothing where that is a file, a pipe, or a terminal that only goes on. Gone when it ends.
class Progress {
public:
    Progress(std::string what, std::int64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void at(std::int64_t done);
    /// With the time that is left, for work whose pace is even.
    void at(std::int64_t done, std::chrono::milliseconds taken);

private:
    void show(std::int64_t done, const std::string& left);

    std::string what_;
    std::int64_t total_;
    unsigned columns_;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace ballast
