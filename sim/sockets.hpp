#pragma once
#include <cstdint>
#include <string>
#include <utility>

namespace ballast::sim {

/// A file descriptor of ours, closed with this.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_{fd} {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    int fd() const { return fd_; }

private:
    int fd_;
};

/// Host order. Throws std::runtime_error for anything but a dotted address of 127/8 ("localhost" is 127.0.0.1): what
/// stands in for a site is never reachable from outside.
std::uint32_t loopback_address(const std::string& host);

/// Non-blocking, listening. `address` 0 means every local one. Throws std::runtime_error naming address and port.
Descriptor listen_on(std::uint32_t address, std::uint16_t port);

/// The address a peer has called, host order; 0 if that cannot be told.
std::uint32_t called_address(int fd);

/// Thousands of machines need thousands of descriptors; takes all that the system grants.
void raise_descriptor_limit();

std::string dotted(std::uint32_t address);

}  // namespace ballast::sim
