#include "drivers/asic/exchanges.hpp"

#include "wire/http_exchange.hpp"

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

/// What can never be whole is: what is wrong with it, its dialect sees.
bool is_whole_http(std::string_view bytes) {
    const auto complete = wire::http::whole(bytes);
    return !complete || *complete;
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

Exchanges::Begun Exchanges::begin(std::uint32_t who, const boost::asio::ip::tcp::endpoint& to, const Request& request, Steady now, Handle& handle) {
    if (free_.empty()) return Begun::short_of;
    const int fd = ::socket(to.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return out_of_resources(errno) ? Begun::short_of : Begun::unreachable;
    handle = free_.back();
    Connection& c = pool_[handle];
    c.out.assign(request.bytes);
    c.sent = 0;
    c.frame = request.frame;
    c.deadline = std::max(limits_.deadline, request.patience);
    c.fd = fd;
    // On a near network the connection may stand at once: then the request goes without another turn.
    const bool stands = ::connect(fd, to.data(), static_cast<socklen_t>(to.size())) == 0;
    const int error = stands ? 0 : errno;
    epoll_event event{};
    event.data.u64 = std::uint64_t{c.serial} << 32 | handle;
    const bool under_way = stands ? send(c) : error == EINPROGRESS;
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (c.sent == c.out.size() ? 0u : static_cast<unsigned>(EPOLLOUT));
    const bool begun = under_way && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
    if (!begun) {
        ::close(fd);
        c.fd = -1;
        return !stands && out_of_resources(error) ? Begun::short_of : Begun::unreachable;
    }
    free_.pop_back();
    c.who = who;
    c.since = now;
    c.lane = request.patience > limits_.deadline && room_beside() ? Connection::In::patient : Connection::In::fast;
    c.framing = {};
    c.lengths = {};
    append(lane_of(c), handle);
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
        if (c.sent < c.out.size() && !send(c)) finish(handle, Outcome::unreachable, {});
        else if (event.events & ~static_cast<unsigned>(EPOLLOUT)) receive(handle);
    }
    return static_cast<std::size_t>(std::max(count, 0));
}

void Exchanges::expire(Steady now) {
    now_ = now;
    const Duration slow_after = std::min(std::max(limits_.slow_after, Duration{4 * latency_us_ / 1'000}), limits_.deadline / 2);
    while (fast_.first != none && room_beside() && now - pool_[fast_.first].since >= slow_after) {
        const Handle handle = fast_.first;
        unlink(handle);
        pool_[handle].lane = Connection::In::slow;
        append(slow_, handle);
    }
    for (const Lane* lane : {&patient_, &slow_, &fast_})
        for (Handle handle = lane->first; handle != none && now - pool_[handle].since >= limits_.deadline;) {
            const Handle next = pool_[handle].after;
            if (now - pool_[handle].since >= pool_[handle].deadline) finish(handle, pool_[handle].sent == 0 ? Outcome::untaken : Outcome::timed_out, {});
            handle = next;
        }
}

/// False: there is nobody. Still connecting is no failure.
bool Exchanges::send(Connection& c) {
    const ssize_t sent = ::send(c.fd, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
    if (sent > 0) c.sent += static_cast<std::size_t>(sent);
    return sent >= 0 || errno == EAGAIN || errno == EINTR;
}

/// As far as that is known of it piece by piece.
Result<bool> Exchanges::whole(Connection& c, std::string_view chunk) {
    switch (c.frame) {
    case Frame::json: return c.framing.feed(chunk);
    case Frame::whatsminer3: return c.lengths.feed(chunk);
    case Frame::http: break;
    }
    return false;
}

void Exchanges::receive(Handle handle) {
    Connection& c = pool_[handle];
    for (;;) {
        const ssize_t got = ::recv(c.fd, buffer_.data(), buffer_.size(), 0);
        if (got > 0) {
            const std::string_view chunk{buffer_.data(), static_cast<std::size_t>(got)};
            const auto framed = whole(c, chunk);
            if (framed && *framed && c.in.empty()) return finish(handle, Outcome::replied, chunk);
            if (!framed || c.in.size() + chunk.size() > wire::cgminer::most_bytes) return finish(handle, Outcome::closed, {});
            c.in += chunk;
            if (*framed || (c.frame == Frame::http && is_whole_http(c.in))) return finish(handle, Outcome::replied, c.in);
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
    if (outcome == Outcome::replied && c.deadline <= limits_.deadline) learn_latency(now_ - c.since);
    release(handle, outcome == Outcome::timed_out || outcome == Outcome::untaken || outcome == Outcome::closed);
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
    for (std::string* bytes : {&c.in, &c.out}) {
        bytes->clear();
        if (bytes->capacity() > 4'096) bytes->shrink_to_fit();
    }
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
