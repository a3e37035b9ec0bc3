#pragma once
#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// What tests need of the world around them: child processes, free ports, waiting for a condition. Header only.
namespace ballast::support {

/// Asks every few milliseconds until it holds; false once `within` has passed.
template <class Condition>
bool await(Condition holds, std::chrono::milliseconds within = std::chrono::seconds{20}) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
}

namespace detail {
inline sockaddr_in address(std::uint32_t host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host);
    return address;
}
}  // namespace detail

/// A TCP port on which nobody listens now, on any loopback address: below those the kernel gives to clients, so that no
/// connection takes it before its server does; and no port twice in one process.
inline std::uint16_t free_port() {
    constexpr int first = 20'000, count = 12'000;
    static std::atomic<int> next{::getpid() * 37 % 10'000};  // Tests run beside one another: each begins elsewhere.
    for (int tried = 0; tried < count; ++tried) {
        const auto port = static_cast<std::uint16_t>(first + next++ % count);
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int yes = 1;
        sockaddr_in address = detail::address(INADDR_ANY, port);
        const bool free = fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                          ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        if (fd >= 0) ::close(fd);
        if (free) return port;
    }
    throw std::runtime_error{"no free port on loopback"};
}

/// Somebody accepts connections on this port of 127.0.0.1. The probe is a connection that closes at once.
inline bool listens(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = detail::address(INADDR_LOOPBACK, port);
    const bool ok = fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (fd >= 0) ::close(fd);
    return ok;
}

/// An empty folder of one's own under `parent` (tests pass SCRATCH_DIR), removed with this.
class ScratchFolder {
public:
    explicit ScratchFolder(const std::filesystem::path& parent) {
        std::string pattern = (parent / "scratch-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) throw std::runtime_error{"cannot make a folder under " + parent.string()};
        path_ = pattern;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// A child, ended with this by its own pid, and by the kernel should the test die first. Start it from the main thread:
/// the kernel ends it with the thread that started it.
class Process {
public:
    /// `command[0]` is looked up in PATH. Both output streams go to `log`, appended; empty: nowhere.
    explicit Process(std::vector<std::string> command, const std::filesystem::path& log = {}) {
        std::vector<char*> argv;
        for (std::string& word : command) argv.push_back(word.data());
        argv.push_back(nullptr);
        const std::string output = log.empty() ? "/dev/null" : log.string();
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error{"fork failed"};
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
            const int in = ::open("/dev/null", O_RDONLY);
            ::dup2(in, 0);
            ::dup2(out, 1);
            ::dup2(out, 2);
            ::execvp(argv[0], argv.data());
            ::_exit(127);
        }
    }
    ~Process() {
        if (pid_ <= 0 || ended_) return;
        ::kill(pid_, SIGKILL);  // Works on a stopped child too.
        wait();
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    Process(Process&& other) noexcept : pid_{std::exchange(other.pid_, -1)}, ended_{other.ended_} {}
    Process& operator=(Process&&) = delete;

    pid_t pid() const { return pid_; }

    void signal(int number) const {
        if (!ended_) ::kill(pid_, number);
    }

    /// Blocks until it has ended. Its exit status; 128 + signal if one ended it, 127 if it was not found.
    int wait() {
        if (!ended_) {
            int status = 0;
            while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
            ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        return *ended_;
    }

    /// Its exit status if it has ended by now.
    std::optional<int> ended() {
        int status = 0;
        if (!ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
            ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return ended_;
    }

private:
    pid_t pid_ = -1;
    std::optional<int> ended_;
};

/// Runs to the end; the exit status.
inline int run(std::vector<std::string> command, const std::filesystem::path& log = {}) {
    return Process{std::move(command), log}.wait();
}

inline std::string file_text(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace ballast::support
