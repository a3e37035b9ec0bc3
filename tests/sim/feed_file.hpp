#pragma once
#include "sim/feeds/feed.hpp"
#include "sim/feeds/local_time.hpp"
#include "tests/catch.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace ballast::sim {

/// A price file of the test's own, gone when the test is.
class FeedFile {
public:
    explicit FeedFile(const std::string& content) {
        static int number = 0;
        path_ = std::string{SCRATCH_DIR} + "/feed-" + std::to_string(::getpid()) + "-" + std::to_string(++number) + ".csv";
        std::ofstream{path_, std::ios::binary} << content;
    }
    ~FeedFile() { std::filesystem::remove(path_); }
    FeedFile(const FeedFile&) = delete;
    FeedFile& operator=(const FeedFile&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

inline Feed must_read(const std::string& content, const FeedOptions& options = {}) {
    const FeedFile file{content};
    auto feed = read_feed(file.path(), options);
    INFO((feed ? std::string{} : feed.error().detail));
    REQUIRE(feed);
    return *feed;
}

inline std::string must_fail(const std::string& content, const FeedOptions& options = {}) {
    const FeedFile file{content};
    const auto feed = read_feed(file.path(), options);
    REQUIRE(!feed);
    return feed.error().detail;
}

inline bool says(const std::string& text, const std::string& part) {
    INFO("\"" << text << "\" should say \"" << part << "\"");
    CHECK(text.find(part) != std::string::npos);
    return text.find(part) != std::string::npos;
}

/// Where the real histories lie, if they do here.
inline std::optional<std::string> shared_file(const std::string& name) {
    const char* const given = std::getenv("BALLAST_SHARED");
    const auto path = std::filesystem::path{given ? given : PROJECT_DIR "/../shared"} / name;
    return std::filesystem::exists(path) ? std::optional{path.string()} : std::nullopt;
}

}  // namespace ballast::sim
