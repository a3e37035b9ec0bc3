#pragma once
#include "model/units.hpp"

#include <pthread.h>

#include <csignal>
#include <ctime>

namespace ballast {

/// SIGINT and SIGTERM wait for us to ask, in this thread and in every one it starts.
class HeldSignals {
public:
    HeldSignals() {
        sigemptyset(&ours_);
        sigaddset(&ours_, SIGINT);
        sigaddset(&ours_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &ours_, &before_);
    }
    ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;

    /// True if one came within that time.
    bool came(Duration within) const {
        const timespec wait{within.count() / 1000, within.count() % 1000 * 1'000'000};
        return sigtimedwait(&ours_, nullptr, &wait) > 0;
    }

private:
    sigset_t ours_{}, before_{};
};

}  // namespace ballast
