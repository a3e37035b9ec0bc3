#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ballast::support {

using Bytes = std::vector<std::uint8_t>;

/// A Modbus TCP server on loopback that answers each request as the test says, so that it can answer wrongly.
/// One connection at a time.
class ModbusPeer {
public:
    /// `answer` gets a whole request with its header and the socket; false closes the connection. Called on the peer's thread.
    using Answer = std::function<bool(const Bytes& request, int socket)>;

    explicit ModbusPeer(Answer answer) : answer_{std::move(answer)} {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error{"cannot listen on loopback"};
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~ModbusPeer() {
        over_ = true;
        thread_.join();
        ::close(listener_);
    }
    ModbusPeer(const ModbusPeer&) = delete;
    ModbusPeer& operator=(const ModbusPeer&) = delete;

    std::uint16_t port() const { return port_; }
    int connections() const { return connections_; }
    bool over() const { return over_; }

    static bool send(int socket, const Bytes& bytes) {
        return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
    }

    /// The request's header with this PDU.
    static Bytes with_header(const Bytes& request, const Bytes& pdu) {
        Bytes reply(request.begin(), request.begin() + 4);
        reply.push_back(0);
        reply.push_back(static_cast<std::uint8_t>(pdu.size() + 1));
        reply.push_back(request[6]);
        reply.insert(reply.end(), pdu.begin(), pdu.end());
        return reply;
    }

    static Bytes registers(const Bytes& request, const std::vector<std::uint16_t>& words) {
        Bytes pdu{request[7], static_cast<std::uint8_t>(words.size() * 2)};
        for (const std::uint16_t word : words) {
            pdu.push_back(static_cast<std::uint8_t>(word >> 8));
            pdu.push_back(static_cast<std::uint8_t>(word));
        }
        return with_header(request, pdu);
    }

    static Bytes exception(const Bytes& request, std::uint8_t code) {
        return with_header(request, {static_cast<std::uint8_t>(request[7] | 0x80), code});
    }

private:
    bool readable(int fd) const {
        pollfd ready{fd, POLLIN, 0};
        return ::poll(&ready, 1, 20) > 0;
    }

    void serve() {
        while (!over_) {
            if (!readable(listener_)) continue;
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            ++connections_;
            converse(socket);
            ::close(socket);
        }
    }

    void converse(int socket) {
        while (!over_) {
            if (!readable(socket)) continue;
            Bytes request(12);  // Every request of ours is a header of 7 and a PDU of 5 bytes.
            if (::recv(socket, request.data(), request.size(), MSG_WAITALL) != 12 || !answer_(request, socket)) return;
        }
    }

    Answer answer_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> over_ = false;
    std::atomic<int> connections_ = 0;
    std::thread thread_;
};

}  // namespace ballast::support
