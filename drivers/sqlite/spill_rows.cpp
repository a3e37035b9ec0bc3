#include "drivers/sqlite/spill_rows.hpp"

#include "controller/encoding.hpp"

namespace ballast::sqlite {
namespace {

void put(Writer& w, Now now) {
    w.integer(now.utc.time_since_epoch().count());
    w.integer(now.steady.time_since_epoch().count());
}

Now take_now(Reader& r) {
    const Instant utc{Duration{r.integer()}};
    return {utc, Steady{Duration{r.integer()}}};
}

}  // namespace

SpillRecord record_of(const Names& names) {
    SpillRecord record{SpillKind::names, {}, 0};
    Writer w{record.bytes};
    names.write(w);
    return record;
}

SpillRecord record_of(const EpochRow& row) {
    SpillRecord record{SpillKind::epoch, {}, row.start.at.utc.time_since_epoch().count(), row.missed};
    Writer w{record.bytes};
    row.names ? row.names->write(w) : Names{}.write(w);
    const EpochStart& start = row.start;
    put(w, start.at);
    w.byte(static_cast<std::uint8_t>(start.cause));
    w.number(start.revision), w.number(row.missed), w.number(start.files.size());
    for (const EpochFile& file : start.files) w.text(file.path), w.text(file.text);
    w.text(start.snapshot.bytes);
    return record;
}

SpillRecord record_of(const StepRow& row) {
    SpillRecord record{SpillKind::step, {}, 0};
    Writer w{record.bytes};
    put(w, row.now);
    w.packed(row.digest, 8), w.text(row.events), w.text(row.decision);
    return record;
}

std::optional<EpochRow> epoch_of(const SpillRecord& record) {
    if (record.kind != SpillKind::epoch) return std::nullopt;
    Reader r{record.bytes};
    EpochRow row;
    row.names = std::make_shared<const Names>(Names::read(r));
    row.start.at = take_now(r);
    row.start.cause = r.choice(EpochCause::leave);
    row.start.revision = static_cast<unsigned>(r.number_to(UINT32_MAX));
    row.missed = r.number();
    for (auto n = r.count(); n > 0 && r.ok(); --n) {
        EpochFile& file = row.start.files.emplace_back();
        file.path = r.text();
        file.text = r.text();
    }
    row.start.snapshot.bytes = r.text();
    return r.ok() && r.at_end() ? std::optional{std::move(row)} : std::nullopt;
}

std::optional<StepRow> step_of(const SpillRecord& record) {
    if (record.kind != SpillKind::step) return std::nullopt;
    Reader r{record.bytes};
    const Now now = take_now(r);
    const std::uint64_t digest = r.packed(8);
    const std::string events{r.text()}, bytes{r.text()};
    if (!r.ok() || !r.at_end()) return std::nullopt;
    const auto heard = decode_events(events, now);
    const auto decision = decode_decision(bytes, now);
    if (!heard || !decision) return std::nullopt;
    StepRow row = row_of(now, *heard, decision->view());
    if (row.digest != digest || row.decision != bytes) return std::nullopt;
    return row;
}

std::shared_ptr<const Names> names_of(const SpillRecord& record) {
    if (record.kind == SpillKind::step) return nullptr;
    Reader r{record.bytes};
    auto names = std::make_shared<const Names>(Names::read(r));
    return r.ok() ? names : nullptr;
}

}  // namespace ballast::sqlite
