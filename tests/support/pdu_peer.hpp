#pragma once
#include "tests/support/process.hpp"

#include <fmt/format.h>

#include <sstream>

namespace ballast::support {

/// A PDU for loopback: Debian's snmpd, whose outlets tests/drivers/pdu_agent.py plays, in a folder of its own.
class PduPeer {
public:
    explicit PduPeer(const std::filesystem::path& scratch, int outlets, const std::string& community = "s3cret-pdu") : folder_{scratch}, port_{free_port()} {
        for (int n = 1; n <= outlets; ++n) write(fmt::format("outlet-{}", n), "1");
        write("snmpd.conf", fmt::format("rwcommunity {} 127.0.0.1\npass_persist .1.3.6.1.4.1.318.1.1 /usr/bin/python3 {}/tests/drivers/pdu_agent.py {}\n", community, PROJECT_DIR, folder_.path().string()));
        snmpd_.emplace(std::vector<std::string>{"env", "SNMP_PERSISTENT_DIR=" + (folder_.path() / "persistent").string(), "MIBS=", "snmpd", "-f", "-Lo", "-C", "-c", (folder_.path() / "snmpd.conf").string(),
                                                fmt::format("udp:127.0.0.1:{}", port_)},
                       folder_.path() / "log");
    }

    std::uint16_t port() const { return port_; }
    /// It says so in its log; false: it did not come up.
    bool up() {
        return await([&] { return log().find("NET-SNMP version") != std::string::npos || snmpd_->ended(); }) && !snmpd_->ended();
    }
    std::string log() const { return file_text(folder_.path() / "log"); }
    void stop_answering() const { snmpd_->signal(SIGSTOP); }
    void answer_again() const { snmpd_->signal(SIGCONT); }

    bool on(int outlet) const { return file_text(folder_.path() / fmt::format("outlet-{}", outlet)) != "2"; }
    void turn(int outlet, bool to_on) const { write(fmt::format("outlet-{}", outlet), to_on ? "1" : "2"); }
    void stuck(int outlet) const { write(fmt::format("stuck-{}", outlet), ""); }
    void slow(int outlet, int reads) const { write(fmt::format("slow-{}", outlet), std::to_string(reads)); }
    void gives(int outlet, int watts) const { write(fmt::format("watts-{}", outlet), std::to_string(watts)); }

    struct Set {
        int outlet = 0, value = 0;
        std::int64_t at_ms = 0;
    };
    std::vector<Set> sets() const {
        std::istringstream lines{file_text(folder_.path() / "sets")};
        std::vector<Set> found;
        for (Set one; lines >> one.outlet >> one.value >> one.at_ms;) found.push_back(one);
        return found;
    }

private:
    void write(const std::string& name, const std::string& text) const {
        const auto part = folder_.path() / (name + ".new");
        std::ofstream{part, std::ios::binary} << text;
        std::filesystem::rename(part, folder_.path() / name);
    }

    ScratchFolder folder_;
    std::uint16_t port_;
    std::optional<Process> snmpd_;
};

}  // namespace ballast::support
