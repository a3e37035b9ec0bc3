#include "drivers/modbus/connect.hpp"

#include <fmt/format.h>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace ballast::drivers {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* first) const { ::freeaddrinfo(first); }
};

/// 0, or the error number.
int finish_connect(int fd, const addrinfo& address, Duration timeout) {
    if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd ready{fd, POLLOUT, 0};
    const int n = ::poll(&ready, 1, static_cast<int>(timeout.count()));
    if (n <= 0) return n == 0 ? ETIMEDOUT : errno;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

Result<int> connect_tcp(const TcpEndpoint& endpoint, Duration timeout) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found))
        return fail(Errc::unreachable, fmt::format("modbus {}: cannot resolve the host: {}", to_string(ModbusEndpoint{endpoint}),
                                                   ::gai_strerror(error)));
    const std::unique_ptr<addrinfo, FreeAddresses> addresses{found};
    int error = EHOSTUNREACH;
    for (const addrinfo* address = found; address; address = address->ai_next) {
        const int fd = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            error = errno;
            continue;
        }
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        error = finish_connect(fd, *address, timeout);
        if (error == 0) return fd;
        ::close(fd);
    }
    return fail(Errc::unreachable, fmt::format("modbus {}: cannot connect: {}; check host, port and the network",
                                               to_string(ModbusEndpoint{endpoint}), std::strerror(error)));
}

}  // namespace ballast::drivers
