#include "sim/sockets.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace ballast::sim {

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

std::string dotted(std::uint32_t address) {
    return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

std::uint32_t loopback_address(const std::string& host) {
    if (host == "localhost") return INADDR_LOOPBACK;
    in_addr parsed{};
    if (::inet_pton(AF_INET, host.c_str(), &parsed) != 1 || ntohl(parsed.s_addr) >> 24 != 127)
        throw std::runtime_error{fmt::format("\"{}\" is not a loopback address; a simulated device listens on 127.0.0.0/8 only", host)};
    return ntohl(parsed.s_addr);
}

Descriptor listen_on(std::uint32_t address, std::uint16_t port) {
    Descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const int on = 1;
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(address);
    const bool ready = listener.fd() >= 0 && ::setsockopt(listener.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                       ::setsockopt(listener.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
                       ::bind(listener.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 && ::listen(listener.fd(), 65'535) == 0;
    if (ready) return listener;
    const int why = errno;
    throw std::runtime_error{fmt::format("cannot listen on {}:{}: {}{}", dotted(address), port, std::strerror(why),
                                         why == EADDRINUSE ? "; is another simulate, or the real device's stand-in, running?"
                                         : why == EMFILE   ? "; raise the limit of open files (ulimit -n)"
                                         : why == EACCES   ? "; ports below 1024 need a higher one in the site file"
                                                           : "")};
}

std::uint32_t called_address(int fd) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    return ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0 ? ntohl(at.sin_addr.s_addr) : 0;
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace ballast::sim
