#pragma once
#include "model/units.hpp"
#include "wire/cgminer.hpp"
#include "wire/whatsminer3.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <vector>

namespace ballast::asic {

/// How an exchange ended. `closed`: without a byte, or with too many; `unreachable`: refused, no route, or reset without a byte;
/// `timed_out`: somebody took the connection; `untaken`: nobody took it in time.
enum class Outcome : std::uint8_t { replied, closed, unreachable, timed_out, untaken };

/// How the end of an answer is told.
enum class Frame : std::uint8_t {
    json,         ///< wire::cgminer::Framing.
    http,         ///< wire::http::whole.
    whatsminer3,  ///< wire::whatsminer3::Framing: by its length.
};

struct Request {
    std::string_view bytes;
    Frame frame = Frame::json;
    Duration patience{0};   ///< From connect to the last byte, where that is more than the usual deadline.
    std::uint16_t port = 0; ///< Where that is another than the machine's.
};

/// One request, one reply, one TCP connection: thousands of them at once on one thread. The sockets sit in an epoll set of
/// their own, which to Asio is a single descriptor; an exchange that answers costs no allocation.
/// Lanes: an exchange that has no answer within `slow_after` stops counting against the fast one; one that is known to take its time
/// (`Request::patience`) never does, while the slow ones have room for it. While answers in general
/// take long, because the network or we are busy, that is stretched to four times what they take: more at once would not help.
class Exchanges {
public:
    struct Limits {
        std::size_t fast, slow;
        Duration slow_after, deadline;
    };
    using Handle = std::uint32_t;
    /// `who` as given to `begin`; `bytes` (of replied only) until it returns. May begin and abort exchanges.
    using Done = std::function<void(std::uint32_t who, Outcome outcome, std::string_view bytes)>;

    /// Throws std::system_error if the system grants no epoll set.
    Exchanges(Limits limits, Done done);
    ~Exchanges();
    Exchanges(const Exchanges&) = delete;
    Exchanges& operator=(const Exchanges&) = delete;

    /// The epoll set, readable when `serve` has something to do.
    int descriptor() const { return epoll_; }
    bool room() const { return fast_.count < limits_.fast && !free_.empty(); }
    std::size_t open() const { return fast_.count + slow_.count + patient_.count; }

    /// `short_of`: the process has no socket, port or memory left just now; nothing was begun, nothing will be reported.
    enum class Begun : std::uint8_t { yes, short_of, unreachable };
    Begun begin(std::uint32_t who, const boost::asio::ip::tcp::endpoint& to, const Request& request, Steady now, Handle& handle);

    /// Ends it at once and silently.
    void abort(Handle handle);

    /// Takes what has arrived, at most a hundred or so; returns how many.
    std::size_t serve(Steady now);

    /// Moves the slow out of the way and ends those past their deadline.
    void expire(Steady now);

private:
    static constexpr Handle none = ~Handle{0};
    struct Connection {
        int fd = -1;
        std::uint32_t who = 0, serial = 0;
        Handle before = none, after = none;
        enum class In : std::uint8_t { fast, slow, patient } lane = In::fast;
        Frame frame{};
        wire::cgminer::Framing framing;
        wire::whatsminer3::Framing lengths;
        Steady since{};
        Duration deadline{};
        std::string out, in;
        std::size_t sent = 0;          ///< Of `out`.
    };
    struct Lane {
        Handle first = none, last = none;  ///< By the time of their beginning.
        std::size_t count = 0;
    };

    void learn_latency(Duration took);
    Lane& lane_of(const Connection& c) { return c.lane == Connection::In::fast ? fast_ : c.lane == Connection::In::slow ? slow_ : patient_; }
    bool room_beside() const { return slow_.count + patient_.count < limits_.slow; }
    void append(Lane& lane, Handle handle);
    void unlink(Handle handle);
    void release(Handle handle, bool abruptly);
    void finish(Handle handle, Outcome outcome, std::string_view bytes);
    bool send(Connection& c);
    void receive(Handle handle);
    static Result<bool> whole(Connection& c, std::string_view chunk);

    Limits limits_;
    Done done_;
    int epoll_ = -1;
    Lane fast_, slow_, patient_;
    Steady now_{};
    std::int64_t latency_us_ = 0;  ///< Of answers, smoothed over some hundred of them.
    std::vector<Connection> pool_;
    std::vector<Handle> free_;
    std::string finished_;
    std::vector<char> buffer_;
};

}  // namespace ballast::asic
