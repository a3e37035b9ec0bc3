#include "drivers/asic/exchanges.hpp"

#include "model/check.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace ballast::asic {
namespace {

bool out_of_resources(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EADDRNOTAVAIL || error == EAGAIN;
}

}  // namespace

Exchanges::Exchanges(Limits limits, Done done)
    : limits_{limits}, done_{std::move(done)}, epoll_{::epoll_create1(EPOLL_CLOEXEC)}, pool_(limits.fast + limits.slow), buffer_(wire::cgminer::most_bytes) {
    if (epoll_ < 0) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
    free_.reserve(pool_.size());
    for (Handle handle = static_cast<Handle>(pool_.size()); handle-- > 0;) free_.push_back(handle);
}

Exchanges::~Exchanges() {
    for (const Connection& c : pool_)
        if (c.fd >= 0) ::close(c.fd);
    ::close(epoll_);
}

Exchanges::Begun Exchanges::begin(std::uint32_t who, const boost::asio::ip::tcp::endpoint& to, std::string_view request, Steady now, Handle& handle) {
    BALLAST_CHECK(request.size() <= longest_request);
    if (free_.empty()) return Begun::short_of;
    const int fd = ::socket(to.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return out_of_resources(errno) ? Begun::short_of : Begun::unreachable;
    handle = free_.back();
    Connection& c = pool_[handle];
    c.size = static_cast<std::uint8_t>(request.size());
    std::memcpy(c.request.data(), request.data(), request.size());
    c.sent = false;
    c.fd = fd;
    // On a near network the connection may stand at once: then the request goes without another turn.
    const bool stands = ::connect(fd, to.data(), static_cast<socklen_t>(to.size())) == 0;
    const int error = stands ? 0 : errno;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (stands ? 0u : static_cast<unsigned>(EPOLLOUT));
    event.data.u64 = std::uint64_t{c.serial} << 32 | handle;
    const bool begun = (stands ? send(c) : error == EINPROGRESS) && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
    if (!begun) {
        ::close(fd);
        c.fd = -1;
        return !stands && out_of_resources(error) ? Begun::short_of : Begun::unreachable;
    }
    free_.pop_back();
    c.who = who;
    c.since = now;
    c.slow = false;
    c.framing = {};
    append(fast_, handle);
    return Begun::yes;
}

void Exchanges::abort(Handle handle) { release(handle, true); }

std::size_t Exchanges::serve(Steady now) {
    now_ = now;
    std::array<epoll_event, 128> events;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const Handle handle = static_cast<Handle>(event.data.u64);
        Connection& c = pool_[handle];
        if (c.fd < 0 || c.serial != event.data.u64 >> 32) continue;  // Ended by an earlier event of this turn.
        if (!c.sent && !send(c)) finish(handle, Outcome::unreachable, {});
        else if (event.events & ~static_cast<unsigned>(EPOLLOUT)) receive(handle);
    }
    return static_cast<std::size_t>(std::max(count, 0));
}

void Exchanges::expire(Steady now) {
    now_ = now;
    const Duration slow_after = std::min(std::max(limits_.slow_after, Duration{4 * latency_us_ / 1'000}), limits_.deadline / 2);
    while (fast_.first != none && slow_.count < limits_.slow && now - pool_[fast_.first].since >= slow_after) {
        const Handle handle = fast_.first;
        unlink(handle);
        pool_[handle].slow = true;
        append(slow_, handle);
    }
    for (Lane* lane : {&slow_, &fast_})
        while (lane->first != none && now - pool_[lane->first].since >= limits_.deadline) finish(lane->first, Outcome::timed_out, {});
}

/// False: there is nobody. Still connecting is no failure.
bool Exchanges::send(Connection& c) {
    const ssize_t sent = ::send(c.fd, c.request.data(), c.size, MSG_NOSIGNAL);
    c.sent = sent == c.size;
    return c.sent || (sent < 0 && (errno == EAGAIN || errno == EINTR));
}

void Exchanges::receive(Handle handle) {
    Connection& c = pool_[handle];
    for (;;) {
        const ssize_t got = ::recv(c.fd, buffer_.data(), buffer_.size(), 0);
        if (got > 0) {
            const std::string_view chunk{buffer_.data(), static_cast<std::size_t>(got)};
            const bool whole = c.framing.feed(chunk);
            if (whole && c.in.empty()) return finish(handle, Outcome::replied, chunk);
            if (c.in.size() + chunk.size() > wire::cgminer::most_bytes) return finish(handle, Outcome::closed, {});
            c.in += chunk;
            if (whole) return finish(handle, Outcome::replied, c.in);
            continue;
        }
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        // A peer that closed, in whatever way, has said all it will.
        const Outcome nothing = got == 0 ? Outcome::closed : Outcome::unreachable;
        return finish(handle, c.in.empty() ? nothing : Outcome::replied, c.in);
    }
}

void Exchanges::finish(Handle handle, Outcome outcome, std::string_view bytes) {
    Connection& c = pool_[handle];
    const std::uint32_t who = c.who;
    if (bytes.data() == c.in.data()) {
        std::swap(finished_, c.in);  // The slot may be begun anew by `done_`.
        bytes = finished_;
    }
    if (outcome == Outcome::replied) learn_latency(now_ - c.since);
    release(handle, outcome == Outcome::timed_out || outcome == Outcome::closed);
    done_(who, outcome, bytes);
}

/// `abruptly` frees the device's end at once too. A device that has answered closed first: no reset for it, no TIME_WAIT for us.
void Exchanges::release(Handle handle, bool abruptly) {
    Connection& c = pool_[handle];
    if (abruptly) {
        const linger at_once{1, 0};
        ::setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ::close(c.fd);
    c.fd = -1;
    ++c.serial;
    c.in.clear();
    if (c.in.capacity() > 4'096) c.in.shrink_to_fit();
    unlink(handle);
    free_.push_back(handle);
}

void Exchanges::learn_latency(Duration took) {
    latency_us_ += (std::max(took, Duration{0}).count() * 1'000 - latency_us_) / 256;
}

void Exchanges::append(Lane& lane, Handle handle) {
    Connection& c = pool_[handle];
    c.before = lane.last;
    c.after = none;
    (lane.last == none ? lane.first : pool_[lane.last].after) = handle;
    lane.last = handle;
    ++lane.count;
}

void Exchanges::unlink(Handle handle) {
    const Connection& c = pool_[handle];
    Lane& lane = lane_of(c);
    (c.before == none ? lane.first : pool_[c.before].after) = c.after;
    (c.after == none ? lane.last : pool_[c.after].before) = c.before;
    --lane.count;
}

}  // namespace ballast::asic
