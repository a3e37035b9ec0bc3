#pragma once
#include "app/config.hpp"
#include "controller/journal.hpp"
#include "model/state.hpp"
#include "study/earnings.hpp"

#include <map>
#include <string>
#include <vector>

namespace ballast {

/// Where a load is reached; "" for those that have no address of their own.
struct LoadAddress {
    std::string host;
    std::uint16_t port = 0;
};

/// The engine's description of a site, and the way from the names of the site file to its numbers.
struct SiteModel {
    Site site;
    std::map<std::string, Slot, std::less<>> slots;
    std::map<std::string, GroupId, std::less<>> groups;
    std::map<std::string, FeederId, std::less<>> feeders;
    std::map<std::string, MeterId, std::less<>> meters;
    std::map<std::string, SourceId, std::less<>> sources;  ///< With "operator".
    std::map<std::string, PolicyId, std::less<>> policies;
    std::map<std::string, GuardId, std::less<>> guards;    ///< By its policy's name.
    std::map<std::string, WatchId, std::less<>> watches;   ///< Likewise.
    std::vector<LoadAddress> addresses;      ///< By slot.
    std::vector<std::size_t> group_configs;  ///< GroupId -> position in Config::groups.
    WallClock clock;                         ///< Of the site's time zone.
    SourceId operator_source{};              ///< A person's word comes from here.
};

/// Loads by tier (firm first), then group as in the file, then merit: worst J/TH first, unknown worst of all. A
/// machine's strike is its own, else that of the price policy of its group; a group in none has Price::max(). Where some
/// have their own, lower strikes stand first. Deterministic.
SiteModel build_site(const Config& config);

/// The policy that a feeder's own limit is called by; none of a site file can be called so.
std::string limit_policy(const std::string& feeder);

/// The site file's policies, and before them what feeders and the site ask by themselves.
std::vector<Policy> build_policies(const Config& config, const SiteModel& model);

/// What the machines are worth, and what demand and hedge cost: the money side of a replay. Worth is empty where no price
/// policy says.
study::Economy economy_of(const Config& config, const SiteModel& model);

/// The config's files as an epoch of the journal keeps them, and back. Back fails as parse_config does.
std::vector<EpochFile> epoch_files(const Config& config);
tl::expected<Config, std::vector<Fault>> config_of(const std::vector<EpochFile>& files);

/// The policies while the process ends: prices hold nothing back any more (`on_exit = "wake"`), or no price is one to run
/// at ("sleep"); what is owed to others still is.
std::vector<Policy> leaving_policies(const Config& config, const SiteModel& model);

/// Those that decided in an epoch that began for this cause.
std::vector<Policy> policies_of(EpochCause cause, const Config& config, const SiteModel& model);

}  // namespace ballast
