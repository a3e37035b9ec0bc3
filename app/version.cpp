#include "app/version.hpp"

#include "controller/encoding.hpp"
#include "controller/engine.hpp"
#include "controller/snapshot.hpp"
#include "drivers/sqlite/schema.hpp"

#include <CLI/Version.hpp>
#include <MQTTAsync.h>
#include <boost/version.hpp>
#include <fmt/format.h>
#include <modbus.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>
#include <sqlite3.h>
#include <toml++/toml.h>

namespace ballast {

namespace {

/// As loaded where the library tells it, else as compiled with.
std::string libraries() {
    const auto paho = [] {
        for (const MQTTAsync_nameValue* info = MQTTAsync_getVersionInfo(); info->name; ++info)
            if (std::string_view{info->name} == "Version") return std::string{info->value};
        return std::string{"?"};
    };
    return fmt::format("Boost {}.{}.{}, CLI11 {}, fmt {}.{}.{}, libmodbus {}.{}.{}, OpenSSL {}, Paho C {}, spdlog {}.{}.{}, SQLite {}, toml++ {}.{}.{}",
                       BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1'000, BOOST_VERSION % 100, CLI11_VERSION, FMT_VERSION / 10'000, FMT_VERSION / 100 % 100, FMT_VERSION % 100,
                       libmodbus_version_major, libmodbus_version_minor, libmodbus_version_micro, OpenSSL_version(OPENSSL_VERSION_STRING), paho(), SPDLOG_VER_MAJOR,
                       SPDLOG_VER_MINOR, SPDLOG_VER_PATCH, sqlite3_libversion(), TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH);
}

}  // namespace

std::string version_text() {
    return fmt::format("ballast {}{}\nengine revision {}, journal encoding {}, snapshot {}, journal schema {}\n{}", version,
                       git_revision.empty() ? "" : fmt::format(" (git {})", git_revision), Engine::revision, encoding_version, snapshot_version, sqlite::schema_version, libraries());
}

}  // namespace ballast
