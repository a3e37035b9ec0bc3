#pragma once
#include "controller/snapshot_fields.hpp"

#include <map>
#include <optional>
#include <string>

/// A snapshot knows things by name; this is what the site now calls them by.
namespace ballast::snapshot {

template <class Items>
std::map<std::string, std::size_t> numbered(const Items& items) {
    std::map<std::string, std::size_t> numbers;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if constexpr (requires { items[i].name; }) numbers.emplace(items[i].name, i);
        else numbers.emplace(items[i], i);
    }
    return numbers;
}

inline std::optional<std::size_t> find(const std::map<std::string, std::size_t>& numbers, const std::string& name) {
    const auto found = numbers.find(name);
    return found == numbers.end() ? std::nullopt : std::optional{found->second};
}

struct Names {
    explicit Names(const Site& site)
        : loads{numbered(site.loads)}, groups{numbered(site.groups)}, feeders{numbered(site.feeders)}, meters{numbered(site.meters)},
          sources{numbered(site.sources)}, policies{numbered(site.policies)} {}
    std::map<std::string, std::size_t> loads, groups, feeders, meters, sources, policies;
};

inline std::string name(In& f) {
    std::string s;
    f.text(s);
    return s;
}

inline void save_scope(Out& f, const Site& site, Scope scope) {
    f.whole(scope.kind);
    f.text(scope.kind == Scope::Kind::feeder ? site.feeders[scope.number].name : scope.kind == Scope::Kind::group ? site.groups[scope.number].name : std::string{});
}

/// Nothing: the site has no such feeder or group any more.
inline std::optional<Scope> restore_scope(In& f, const Names& names) {
    Scope scope;
    f.whole(scope.kind);
    const std::string of = name(f);
    if (scope.kind == Scope::Kind::site) return scope;
    const auto number = find(scope.kind == Scope::Kind::feeder ? names.feeders : names.groups, of);
    if (!number) return std::nullopt;
    scope.number = static_cast<std::uint16_t>(*number);
    return scope;
}

/// Reads `count` things that begin with a name; `take` gets the number that this site knows the name by, or nothing.
template <class Take>
void named_things(In& f, const std::map<std::string, std::size_t>& numbers, Take take) {
    const std::size_t n = f.r.count();
    for (std::size_t i = 0; i < n && f.r.ok(); ++i) {
        const auto number = find(numbers, name(f));
        take(number);
    }
}

}  // namespace ballast::snapshot
