#include "reference/linux/sqlite.h"

#include <sqlite3.h>

namespace tcpslab::linux_host {
namespace {

[[noreturn]] void Throw(sqlite3* database) {
  // Extended result codes say more in the message only.
  throw SqliteError(sqlite3_errmsg(database), sqlite3_errcode(database) & 0xff);
}

}  // namespace

void SqliteDatabase::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

SqliteDatabase::SqliteDatabase(const std::filesystem::path& file) {
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(file.c_str(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  database_.reset(opened);  // even after an error
  if (result != SQLITE_OK) {
    throw SqliteError(opened != nullptr ? sqlite3_errmsg(opened) : sqlite3_errstr(result), result & 0xff);
  }
}

void SqliteDatabase::Execute(const char* sql) {
  if (sqlite3_exec(get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) Throw(get());
}

std::int64_t SqliteDatabase::Integer(const char* sql) {
  SqliteStatement query(*this, sql);
  query.Step();
  return query.Integer(0);
}

std::string SqliteDatabase::Text(const char* sql) {
  SqliteStatement query(*this, sql);
  query.Step();
  return query.Text(0);
}

SqliteStatement::SqliteStatement(const SqliteDatabase& database, const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(database.get(), sql, -1, &prepared, nullptr) != SQLITE_OK) Throw(database.get());
  statement_.reset(prepared);
}

void SqliteStatement::Check(int result) const {
  if (result != SQLITE_OK) Throw(sqlite3_db_handle(statement_.get()));
}

SqliteStatement& SqliteStatement::Bind(int parameter, std::int64_t value) {
  Check(sqlite3_bind_int64(statement_.get(), parameter, value));
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int parameter, std::span<const std::byte> value) {
  Check(sqlite3_bind_blob64(statement_.get(), parameter, value.data(), value.size(), SQLITE_STATIC));
  return *this;
}

bool SqliteStatement::Step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) Throw(sqlite3_db_handle(statement_.get()));
  return false;
}

void SqliteStatement::Reset() {
  // What it returns is the error that Step has thrown already.
  static_cast<void>(sqlite3_reset(statement_.get()));
  static_cast<void>(sqlite3_clear_bindings(statement_.get()));
}

std::int64_t SqliteStatement::Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::span<const std::byte> SqliteStatement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  return {static_cast<const std::byte*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string SqliteStatement::Text(int column) const {
  const auto bytes = Bytes(column);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace tcpslab::linux_host
