#pragma once
#include "app/makes.hpp"
#include "app/nameplates.hpp"
#include "drivers/asic/neighbours.hpp"
#include "drivers/asic/sweep.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ballast {

/// A machine that a sweep found, and what an inventory should say of it.
struct Discovered {
    std::string id;                      ///< The site file's, else its MAC, serial or address: fit for an inventory.
    std::string address;
    std::uint16_t port = 0;
    const Make* make = nullptr;          ///< Null: who answers is none that is known.
    const Make* beside = nullptr;        ///< It answers as this one too.
    std::string model, serial, firmware;
    std::optional<std::uint64_t> mac;
    bool mac_by_neighbours = false;      ///< It did not tell it: this host's neighbours' table does.
    Mode mode = Mode::unknown;           ///< By its own word.
    std::optional<Nameplate> plate;      ///< Nothing: its watts are for a person to say.
    std::string remark;
    bool twice = false;                  ///< The same MAC answered at an address before.
};

/// `neighbours`: of this host, for the MACs of those that tell none; one that stands there for several addresses is a router's, and nobody's here.
/// `ids`: the site file's, by MAC.
std::vector<Discovered> discovered(const std::vector<asic::Found>& found, const std::vector<Neighbour>& neighbours, const std::map<std::uint64_t, std::string>& ids);

/// "62:f7:5e:b7:10:46"
std::string mac_text(std::uint64_t mac);

/// One inventory: the machines of one make, `id,host,port,mac,watts,joules_per_terahash`; watts that nobody knows are left empty, which
/// `ballast check` will name. Those found twice are left out.
std::string inventory_csv(const std::vector<Discovered>& machines, const Make& make);

/// Makes that were found, in the order of the table of makes.
std::vector<const Make*> makes_of(const std::vector<Discovered>& machines);

}  // namespace ballast
