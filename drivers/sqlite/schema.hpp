#pragma once
#include "model/result.hpp"

#include <SQLiteCpp/Database.h>

#include <memory>
#include <string>

namespace ballast::sqlite {

/// In the file's header, where file(1) and we look for it: "BLST".
constexpr int application_id = 0x424c5354;

/// `user_version`. Raised with every change of the tables.
constexpr int schema_version = 2;

/// What is wrong with the path itself, before anything is made beside it.
Result<void> fit_to_write(const std::string& path);

/// Opens for the one writer, makes the tables in a new file. An error names the file, what is wrong and the remedy:
/// no such folder, no permission, not a database, another program's database, a newer schema, damaged.
Result<std::unique_ptr<SQLite::Database>> open_to_write(const std::string& path);

/// The same for a reader, while the writer may be at work.
Result<std::unique_ptr<SQLite::Database>> open_to_read(const std::string& path);

/// The sentence for an error of SQLite's on `path`, with a remedy where there is one.
std::string explain_failure(const std::string& path, int code, const char* what);

}  // namespace ballast::sqlite
