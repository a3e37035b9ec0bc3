#pragma once
#include "drivers/sqlite/journal_file.hpp"
#include "drivers/sqlite/spill.hpp"
#include "model/result.hpp"

#include <memory>
#include <optional>

/// A journal's rows as a spill keeps them.
namespace ballast::sqlite {

SpillRecord record_of(const Names& names);
SpillRecord record_of(const EpochRow& row);
/// Its rows for people are in what it heard and decided.
SpillRecord record_of(const StepRow& row);

/// Any bytes may be given; nothing: they are not what `record_of` wrote.
std::optional<EpochRow> epoch_of(const SpillRecord& record);
std::optional<StepRow> step_of(const SpillRecord& record);
/// Of a record of names, or of an epoch, which has its own.
std::shared_ptr<const Names> names_of(const SpillRecord& record);

}  // namespace ballast::sqlite
