#pragma once
#include "controller/ports.hpp"

#include <map>
#include <utility>

namespace ballast::drivers {

/// Takes a group's orders to where they belong: those of machines on an outlet to its PDU, load by load, the rest to the
/// machines' own driver. Has nothing to run.
class Outlets final : public Driver {
public:
    /// All of them must outlive this.
    Outlets(std::map<Slot, Driver*> pdus, Driver& machines) : pdus_{std::move(pdus)}, machines_{machines} {}

    asio::awaitable<void> run(Mailbox& mailbox) override;
    void submit(const Order& order) override;

private:
    Driver* pdu_of(Slot slot) const;

    std::map<Slot, Driver*> pdus_;
    Driver& machines_;
};

}  // namespace ballast::drivers
