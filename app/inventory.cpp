#include "app/inventory.hpp"

#include "app/config_decimal.hpp"
#include "app/config_text.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

namespace ballast {
namespace {

using config::shown;

constexpr std::size_t most_faults = 10'000;
constexpr std::int64_t most_machine_watts = 1'000'000;
constexpr std::int64_t most_strike = 100'000'000'000;        ///< 10^-6 per MWh, which is 10^-9 per kWh.
constexpr std::int64_t most_joules_per_hash = 10'000'000;  ///< mJ/TH: 10,000 J/TH, the first ASICs.

enum class Column : std::uint8_t { id, host, port, mac, watts, joules_per_terahash, strike_per_mwh, pdu, outlet };
constexpr std::array<std::string_view, 9> column_names{"id", "host", "port", "mac", "watts", "joules_per_terahash", "strike_per_mwh", "pdu", "outlet"};

struct Field {
    std::string text;
    unsigned column = 1;  ///< In characters, from 1.
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

class Reader {
public:
    Reader(const std::string& path, std::uint16_t port) : path_{path}, port_{port} {}

    Inventory read(std::string_view text) {
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            std::string_view row = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (row.ends_with('\r')) row.remove_suffix(1);
            ++line_;
            if (trimmed(row).empty() || !split(row)) continue;
            if (header_seen_) read_row();
            else read_header();
        }
        if (!header_seen_)
            fault(1, "the file is empty; expected the header id,host,port,mac,watts,joules_per_terahash");
        else if (found_.rows.empty() && found_.faults.empty())
            fault(1, "there is no machine below the header; expected a line for each");
        return std::move(found_);
    }

private:
    void fault(unsigned column, std::string text) {
        if (found_.faults.size() < most_faults)
            found_.faults.push_back({path_, std::max(line_, 1u), column, std::move(text)});
    }

    /// Fills `fields_`; false if the quotes are wrong.
    bool split(std::string_view row) {
        fields_.clear();
        std::size_t at = 0;
        while (true) {
            const auto start = static_cast<unsigned>(at + 1);
            while (at < row.size() && row[at] == ' ') ++at;
            if (at < row.size() && row[at] == '"') {
                const auto text = unquoted(row, at);
                if (!text) return false;
                fields_.push_back({*text, start});
            } else {
                const std::size_t end = std::min(row.find(',', at), row.size());
                const std::string_view field = trimmed(row.substr(at, end - at));
                if (field.find('"') != field.npos) {
                    fault(
                        start,
                        "a quote inside a field; allowed: the whole field in quotes, a quote in it doubled");
                    return false;
                }
                fields_.push_back({std::string{field}, start});
                at = end;
            }
            if (at >= row.size()) return true;
            ++at;  // The comma.
        }
    }

    /// From the opening quote at `at` to the comma or the end.
    std::optional<std::string> unquoted(std::string_view row, std::size_t& at) {
        const auto start = static_cast<unsigned>(at + 1);
        std::string text;
        for (++at; at < row.size(); ++at) {
            if (row[at] != '"') {
                text += row[at];
            } else if (at + 1 < row.size() && row[at + 1] == '"') {
                text += '"';
                ++at;
            } else {
                ++at;
                while (at < row.size() && row[at] == ' ') ++at;
                if (at == row.size() || row[at] == ',') return text;
                fault(static_cast<unsigned>(at + 1),
                      "text after a closing quote; allowed: a comma or the end of the line");
                return {};
            }
        }
        fault(start, "a quote that is not closed on its line; allowed: a field in quotes ends on its line");
        return {};
    }

    void read_header() {
        header_seen_ = true;
        for (const Field& field : fields_) {
            const auto known = std::ranges::find(column_names, field.text);
            if (known == column_names.end()) {
                const std::vector<std::string> names{column_names.begin(), column_names.end()};
                const std::string near = config::nearest(field.text, names);
                fault(field.column, fmt::format("unknown column {}; {}", shown(field.text),
                                                near.empty() ? "known: " + config::listed(names)
                                                             : fmt::format("did you mean \"{}\"?", near)));
                columns_.push_back({});
                continue;
            }
            const auto column = static_cast<Column>(known - column_names.begin());
            if (std::ranges::find(columns_, std::optional{column}) != columns_.end())
                fault(field.column, fmt::format("column {} stands twice; once is enough", shown(field.text)));
            columns_.push_back(column);
        }
        for (const Column must : {Column::id, Column::host, Column::watts})
            if (std::ranges::find(columns_, std::optional{must}) == columns_.end())
                fault(1, fmt::format("the header has no column \"{}\"; it must have id, host and watts",
                                     column_names[static_cast<std::size_t>(must)]));
        broken_ = !found_.faults.empty();
    }

    void read_row() {
        if (broken_) return;
        if (fields_.size() != columns_.size()) {
            fault(1, fmt::format("{} fields; expected {} as in the header", fields_.size(), columns_.size()));
            return;
        }
        InventoryRow row{.machine = {}, .line = line_};
        row.machine.port = port_;
        bool port_good = true;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const Column column = *columns_[i];
            if (column == Column::id) row.id_at = fields_[i].column;
            if (column == Column::host) row.host_at = fields_[i].column;
            if (column == Column::mac) row.mac_at = fields_[i].column;
            if (column == Column::outlet) row.outlet_at = fields_[i].column;
            const bool good = set(row.machine, column, fields_[i]);
            port_good = port_good && (good || column != Column::port);
            row.good = row.good && good;
        }
        if (!port_good) row.machine.host.clear();  // Then its address is not known.
        found_.rows.push_back(std::move(row));
    }

    bool refuse(const Field& field, Column column, std::string_view why) {
        const auto name = column_names[static_cast<std::size_t>(column)];
        if (field.text.empty()) fault(field.column, fmt::format("no {}; {}", name, why));
        else fault(field.column, fmt::format("{} is {}; {}", name, shown(field.text), why));
        return false;
    }

    bool set(MachineConfig& machine, Column column, const Field& field) {
        const std::string& text = field.text;
        const auto checked = [&](std::string& into, const std::string& wrong) {
            if (!wrong.empty()) return refuse(field, column, wrong);
            into = text;
            return true;
        };
        switch (column) {
        case Column::id: return checked(machine.id, config::wrong_machine_id(text));
        case Column::host: return checked(machine.host, config::wrong_host(text));
        case Column::mac: return text.empty() || checked(machine.mac, config::wrong_mac(text));
        case Column::port: {
            const auto port = config::scaled(text, 0);
            if (text.empty()) return true;
            if (!port || *port < 1 || *port > 65'535) return refuse(field, column, "allowed: 1 to 65535");
            machine.port = static_cast<std::uint16_t>(*port);
            return true;
        }
        case Column::watts: {
            const auto watts = config::scaled(text, 0);
            if (!watts || *watts < 1 || *watts > most_machine_watts)
                return refuse(field, column, "allowed: whole watts at the wall, 1 to 1000000");
            machine.watts = Power{*watts};
            return true;
        }
        case Column::joules_per_terahash: {
            if (text.empty()) return true;
            const auto joules = config::scaled(text, 3);
            if (!joules || *joules < 1 || *joules > most_joules_per_hash)
                return refuse(field, column,
                              "allowed: 0.001 to 10000 with at most 3 decimals, or empty for unknown");
            machine.joules_per_hash = *joules;
            return true;
        }
        case Column::strike_per_mwh: {
            if (text.empty()) return true;
            const auto strike = config::scaled(text, 6);
            if (!strike || *strike < -most_strike || *strike > most_strike)
                return refuse(field, column, "allowed: -100000 to 100000 with at most 6 decimals, or empty for the policy's");
            machine.strike = Price{*strike};
            return true;
        }
        case Column::pdu: return text.empty() || checked(machine.pdu, config::wrong_name(text));
        case Column::outlet: {
            if (text.empty()) return true;
            const auto outlet = config::scaled(text, 0);
            if (!outlet || *outlet < 1 || *outlet > 65'535) return refuse(field, column, "allowed: 1 to 65535, as the PDU counts its outlets, or empty for none");
            machine.outlet = static_cast<std::uint32_t>(*outlet);
            return true;
        }
        }
        return false;
    }

    const std::string& path_;
    std::uint16_t port_;
    unsigned line_ = 0;
    bool header_seen_ = false, broken_ = false;
    std::vector<std::optional<Column>> columns_;
    std::vector<Field> fields_;
    Inventory found_;
};

}  // namespace

Inventory parse_inventory(std::string_view text, const std::string& path, std::uint16_t default_port) {
    return Reader{path, default_port}.read(text);
}

}  // namespace ballast
