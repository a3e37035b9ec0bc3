#pragma once
#include "controller/bytes.hpp"
#include "drivers/no_source.hpp"
#include "model/ids.hpp"
#include "model/site.hpp"

#include <string>
#include <vector>

namespace ballast::sqlite {

/// A site's names alone, to go along with records to the journal's thread. A number that names nothing is said as it is.
class Names {
public:
    Names() = default;
    explicit Names(const Site& site) : policies_{site.policies} {
        for (const auto& x : site.loads) loads_.push_back(x.name);
        for (const auto& x : site.groups) groups_.push_back(x.name);
        for (const auto& x : site.sources) sources_.push_back(x.name);
    }

    void write(Writer& w) const {
        for (const auto* list : {&loads_, &groups_, &sources_, &policies_}) {
            w.number(list->size());
            for (const std::string& name : *list) w.text(name);
        }
    }
    static Names read(Reader& r) {
        Names names;
        for (auto* list : {&names.loads_, &names.groups_, &names.sources_, &names.policies_})
            for (auto n = r.count(); n > 0 && r.ok(); --n) list->emplace_back(r.text());
        return names;
    }
    bool operator==(const Names&) const = default;

    std::string load(Slot s) const { return one(loads_, s); }
    std::string group(GroupId g) const { return one(groups_, index(g)); }
    std::string source(SourceId s) const { return s == drivers::no_source ? std::string{} : one(sources_, index(s)); }
    std::string policy(PolicyId p) const { return one(policies_, index(p)); }

private:
    static std::string one(const std::vector<std::string>& all, std::size_t n) {
        return n < all.size() ? all[n] : "#" + std::to_string(n);
    }

    std::vector<std::string> loads_, groups_, sources_, policies_;
};

}  // namespace ballast::sqlite
