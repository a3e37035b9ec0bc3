#include "app/http.hpp"
#include "tests/catch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include <unistd.h>

namespace ballast {
namespace {

namespace asio = boost::asio;
using Unix = asio::local::stream_protocol;

/// A word socket, and somebody who answers what is said there as a loop would.
class Desk {
public:
    Desk() {
        clerk_ = std::thread{[this] {
            std::vector<Event> heard;
            while (!stop_) {
                heard.clear();
                mailbox_.drain(heard);
                words_.answered(heard, Decision{});
                std::this_thread::sleep_for(std::chrono::milliseconds{1});
            }
        }};
    }
    ~Desk() {
        stop_ = true;
        clerk_.join();
    }

    const std::string path = fmt::format("{}/word-{}.sock", SCRATCH_DIR, ::getpid());

private:
    std::atomic<bool> stop_{false};
    Mailbox mailbox_{1, 1, [] {}};
    PersonsWords words_{mailbox_};
    Published published_;
    HttpServer server_{std::nullopt, path, published_, words_, true};
    std::thread clerk_;
};

class Client {
public:
    explicit Client(const std::string& path) { socket_.connect(path); }

    void send(std::string_view text) { asio::write(socket_, asio::buffer(text)); }
    std::string answer() {
        std::string text;
        boost::system::error_code end;
        asio::read(socket_, asio::dynamic_buffer(text), end);
        return end == asio::error::eof ? text : end.message();
    }

private:
    asio::io_context io_;
    Unix::socket socket_{io_};
};

std::string post(const std::string& body) { return fmt::format("POST /word HTTP/1.1\r\nHost: ballast\r\nContent-Length: {}\r\n\r\n{}", body.size(), body); }

const OperatorWord word{Word::hold, "site", "pat", "drill", std::chrono::hours{1}, {}, {}};

}  // namespace

TEST_CASE("a body that is far too long is answered with words, not with a reset") {
    const Desk desk;
    Client client{desk.path};
    client.send(post(std::string(500'000, 'x')));
    const std::string answer = client.answer();
    CHECK(answer.starts_with("HTTP/1.1 413 "));
    CHECK(answer.ends_with(R"({"error":"the body is too long; allowed: 4096 bytes"})"));
}

TEST_CASE("what is no HTTP is told so") {
    const Desk desk;
    Client client{desk.path};
    client.send("hold site\r\n\r\n");
    CHECK(client.answer().starts_with("HTTP/1.1 400 "));
}

TEST_CASE("six hundred who speak at once are all answered") {
    const Desk desk;
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 600; ++i) {
        clients.push_back(std::make_unique<Client>(desk.path));
        clients.back()->send(post(word_json(word)));
    }
    int taken = 0;
    for (const auto& client : clients) taken += client->answer().starts_with("HTTP/1.1 200 ");
    CHECK(taken == 600);
}

TEST_CASE("who comes while nobody is done with is told to come again") {
    const Desk desk;
    std::vector<std::unique_ptr<Client>> silent;
    for (int i = 0; i < 64; ++i) silent.push_back(std::make_unique<Client>(desk.path));
    const auto said = say_to_daemon(desk.path, word);
    REQUIRE(!said);
    CHECK(said.error().code == Errc::timeout);
    CHECK(said.error().detail == "64 others are being answered already, and none of them is done; say it again later");
    silent.clear();
    CHECK(say_to_daemon(desk.path, word));
}

}  // namespace ballast
