#pragma once
#include "tests/support/process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace ballast::support {

/// A bare TCP client: what it sends and reads are bytes and nothing else.
class RawPeer {
public:
    RawPeer(const std::string& host, std::uint16_t port) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        connected_ = ::inet_pton(AF_INET, host.c_str(), &at.sin_addr) == 1 && ::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    }
    ~RawPeer() { ::close(fd_); }
    RawPeer(const RawPeer&) = delete;
    RawPeer& operator=(const RawPeer&) = delete;

    bool connected() const { return connected_; }
    void send(std::string_view bytes) const { (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    void finish_sending() const { ::shutdown(fd_, SHUT_WR); }

    /// All until the peer closes; what has come so far if it does not within that time.
    std::string rest(std::chrono::milliseconds within = std::chrono::seconds{20}) {
        return read(SIZE_MAX, within);
    }
    std::string read(std::size_t most, std::chrono::milliseconds within = std::chrono::seconds{20}) {
        std::string out;
        const auto deadline = std::chrono::steady_clock::now() + within;
        closed_ = false;
        while (out.size() < most) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
            pollfd waiting{fd_, POLLIN, 0};
            if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
            char buffer[4'096];
            const ssize_t got = ::recv(fd_, buffer, std::min(sizeof buffer, most - out.size()), 0);
            if (got <= 0) {
                closed_ = true;
                break;
            }
            out.append(buffer, static_cast<std::size_t>(got));
        }
        return out;
    }
    /// The last read ended because the peer closed.
    bool closed() const { return closed_; }

private:
    int fd_;
    bool connected_ = false, closed_ = false;
};

/// One request to a miner, its reply with the closing NUL.
inline std::string ask(const std::string& host, std::uint16_t port, std::string_view request, std::chrono::milliseconds within = std::chrono::seconds{20}) {
    RawPeer peer{host, port};
    peer.send(request);
    return peer.rest(within);
}

}  // namespace ballast::support
