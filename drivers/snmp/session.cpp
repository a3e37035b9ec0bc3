#include "drivers/snmp/session.hpp"

#include "drivers/modbus/bus.hpp"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <utility>

namespace ballast::drivers {
namespace {

using Answer = Result<std::int64_t>;

/// Sockets to wait at, as net-snmp wants them; with thousands of miners its descriptor may be beyond an fd_set.
class Sockets {
public:
    Sockets() {
        netsnmp_large_fd_set_init(&set_, FD_SETSIZE);
        NETSNMP_LARGE_FD_ZERO(&set_);
    }
    ~Sockets() { netsnmp_large_fd_set_cleanup(&set_); }
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;
    void add(int socket) { NETSNMP_LARGE_FD_SET(socket, &set_); }
    netsnmp_large_fd_set* get() { return &set_; }

private:
    netsnmp_large_fd_set set_;
};

std::vector<oid> name_of(const Oid& from) { return {from.begin(), from.end()}; }

Answer number_in(const netsnmp_variable_list& value) {
    switch (value.type) {
    case ASN_INTEGER:
    case ASN_GAUGE:  // Its values are unsigned, and net-snmp keeps all of them in a long.
    case ASN_COUNTER:
    case ASN_TIMETICKS:
        if (value.val.integer) return std::int64_t{*value.val.integer};
        break;
    case SNMP_NOSUCHOBJECT:
    case SNMP_NOSUCHINSTANCE:
    case SNMP_ENDOFMIBVIEW: return fail(Errc::refused, "the agent has no such object");
    }
    return fail(Errc::malformed, fmt::format("expected a whole number, got a value of ASN.1 type {:#04x}", value.type));
}

Answer number_in(const netsnmp_pdu& reply, const std::vector<oid>& asked) {
    if (reply.errstat != SNMP_ERR_NOERROR) return fail(Errc::refused, fmt::format("the agent says: {}", snmp_errstring(static_cast<int>(reply.errstat))));
    const netsnmp_variable_list* value = reply.variables;
    if (!value || snmp_oid_compare(value->name, value->name_length, asked.data(), asked.size()) != 0) return fail(Errc::malformed, "the answer is about another object");
    return number_in(*value);
}

}  // namespace

struct SnmpSession::Socket {
    explicit Socket(asio::any_io_executor executor) : readable{executor}, due{executor} {}
    ~Socket() {
        if (readable.is_open()) readable.release();  // It is net-snmp's to close.
        if (session) snmp_sess_close(session);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// `peer` as net-snmp says it: "udp:10.0.0.9:161". False: there is no socket to be had.
    bool open(const SnmpAgent& agent, std::string peer) {
        snmp_disable_log();  // It would write to our standard error.
        netsnmp_session wanted;
        snmp_sess_init(&wanted);
        wanted.version = agent.version == SnmpVersion::v1 ? SNMP_VERSION_1 : SNMP_VERSION_2c;
        wanted.peername = peer.data();
        std::string community = agent.community;
        wanted.community = reinterpret_cast<u_char*>(community.data());
        wanted.community_len = community.size();
        wanted.timeout = static_cast<long>(agent.timeout.count()) * 1'000;
        session = snmp_sess_open(&wanted);
        if (!session) return false;
        const int descriptor = snmp_sess_transport(session)->sock;
        boost::system::error_code error;
        readable.assign(descriptor, error);
        return !error;
    }

    /// False: it could not be sent.
    bool send(const Oid& object, const std::int32_t* value, unsigned tries) {
        answer.reset();
        asked = name_of(object);
        snmp_sess_session(session)->retries = static_cast<int>(tries) - 1;
        netsnmp_pdu* request = snmp_pdu_create(value ? SNMP_MSG_SET : SNMP_MSG_GET);
        if (value) {
            const long wide = *value;
            snmp_pdu_add_variable(request, asked.data(), asked.size(), ASN_INTEGER, &wide, sizeof wide);
        } else {
            snmp_add_null_var(request, asked.data(), asked.size());
        }
        if (snmp_sess_async_send(session, request, &Socket::told, this)) return true;
        snmp_free_pdu(request);
        return false;
    }

    /// Until the request is repeated, or given up.
    Duration patience() {
        int count = 0, for_ever = 1;  // Nothing bounds it but what is under way: `left` 0 would.
        timeval left{};
        Sockets sockets;
        snmp_sess_select_info2(session, &count, sockets.get(), &left, &for_ever);
        return Duration{left.tv_sec * 1'000 + left.tv_usec / 1'000 + 1};
    }

    void look(bool something_came) {
        if (!something_came) return snmp_sess_timeout(session);
        Sockets sockets;
        sockets.add(readable.native_handle());
        snmp_sess_read2(session, sockets.get());
    }

    static int told(int operation, netsnmp_session*, int, netsnmp_pdu* reply, void* self) {
        auto& socket = *static_cast<Socket*>(self);
        if (operation == NETSNMP_CALLBACK_OP_RESEND) return 1;  // It tells of each try.
        if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && reply) socket.answer = number_in(*reply, socket.asked);
        else if (operation == NETSNMP_CALLBACK_OP_TIMED_OUT) socket.answer = fail(Errc::timeout, "no answer: it is dead, or does not know the community");
        else socket.answer = fail(Errc::unreachable, "cannot be sent to");
        return 1;
    }

    void* session = nullptr;
    asio::posix::stream_descriptor readable;
    asio::steady_timer due;
    std::vector<oid> asked;
    std::optional<Answer> answer;
};

SnmpSession::SnmpSession(SnmpAgent agent) : agent_{std::move(agent)}, where_{fmt::format("{}:{}", agent_.host, agent_.port)} {}

SnmpSession::~SnmpSession() = default;

asio::awaitable<Answer> SnmpSession::get(Oid object, unsigned tries) { return ask(std::move(object), nullptr, tries); }

asio::awaitable<Answer> SnmpSession::set(Oid object, std::int32_t value, unsigned tries) {
    co_return co_await ask(std::move(object), &value, tries);
}

asio::awaitable<Result<bool>> SnmpSession::open() {
    const auto executor = co_await asio::this_coro::executor;
    asio::ip::udp::resolver names{executor};  // net-snmp would wait for the name service on our thread.
    const auto [error, found] = co_await names.async_resolve(agent_.host, std::to_string(agent_.port), asio::as_tuple(asio::use_awaitable));
    if (error || found.empty()) co_return fail(Errc::unreachable, fmt::format("{}: its name is not known: {}", where_, error.message()));
    const asio::ip::udp::endpoint at = found.begin()->endpoint();
    const std::string address = at.address().to_string();
    auto socket = std::make_unique<Socket>(executor);
    const bool opened = socket->open(agent_, at.address().is_v6() ? fmt::format("udp6:[{}]:{}", address, at.port()) : fmt::format("udp:{}:{}", address, at.port()));
    if (!opened) co_return fail(Errc::unreachable, fmt::format("{}: no socket to be had", where_));
    socket_ = std::move(socket);
    co_return true;
}

asio::awaitable<Answer> SnmpSession::ask(Oid object, const std::int32_t* value, unsigned tries) {
    using namespace asio::experimental::awaitable_operators;
    if (!socket_) {
        const Result<bool> opened = co_await open();
        if (!opened) co_return tl::unexpected{opened.error()};
    }
    if (stopped(co_await asio::this_coro::cancellation_state)) co_return fail(Errc::unreachable, fmt::format("{}: given up, as we end", where_));
    Socket& socket = *socket_;
    if (!socket.send(object, value, tries)) {
        socket_.reset();
        co_return fail(Errc::unreachable, fmt::format("{}: cannot be sent to", where_));
    }
    while (!socket.answer) {
        socket.due.expires_after(socket.patience());
        const auto first = co_await (socket.readable.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable)) ||
                                     socket.due.async_wait(asio::as_tuple(asio::use_awaitable)));
        if (stopped(co_await asio::this_coro::cancellation_state)) co_return fail(Errc::unreachable, fmt::format("{}: given up, as we end", where_));
        socket.look(first.index() == 0);
    }
    Answer answer = *std::exchange(socket.answer, std::nullopt);
    if (!answer) answer.error().detail = fmt::format("{} {}: {}", where_, print(object), answer.error().detail);
    if (!answer && answer.error().code != Errc::refused) socket_.reset();  // It may have moved.
    co_return answer;
}

}  // namespace ballast::drivers
