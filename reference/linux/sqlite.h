// SQLite's C interface, as far as tcpsd needs it, with owners and exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace tcpslab::linux_host {

class SqliteError : public std::runtime_error {
 public:
  SqliteError(const std::string& what, int result) : std::runtime_error(what), code(result) {}
  int code;  // the primary result code: SQLITE_BUSY, …
};

// One thread at a time, with its statements. Every call throws SqliteError.
class SqliteDatabase {
 public:
  // Opens an existing file, for reading and writing.
  explicit SqliteDatabase(const std::filesystem::path& file);

  void Execute(const char* sql);
  // The first column of the first row of a query that has one.
  std::int64_t Integer(const char* sql);
  std::string Text(const char* sql);
  [[nodiscard]] sqlite3* get() const { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

class SqliteStatement {
 public:
  // `database` outlives this object.
  SqliteStatement(const SqliteDatabase& database, const char* sql);

  // Parameters count from 1. What is bound stays valid until Reset.
  SqliteStatement& Bind(int parameter, std::int64_t value);
  SqliteStatement& Bind(int parameter, std::span<const std::byte> value);
  // True: a row is there. False: done.
  bool Step();
  void Reset();
  // Of the row; columns count from 0. The bytes are valid until the next Step.
  [[nodiscard]] std::int64_t Integer(int column) const;
  [[nodiscard]] std::span<const std::byte> Bytes(int column) const;
  [[nodiscard]] std::string Text(int column) const;

 private:
  void Check(int result) const;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace tcpslab::linux_host
