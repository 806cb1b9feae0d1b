// Typed errors: every failure names its place, what was found, what is allowed and what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace ganymede {

// Process exit codes of `gan` (DESIGN 4.5).
enum ExitCode : int { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitStopped = 75 };

// What an error says. `where` is a file, file:line:column, flag or key; the other parts are short
// phrases without a trailing period; `allowed` and `remedy` may be empty.
struct ErrorParts {
  std::string where;
  std::string found;
  std::string allowed = {};
  std::string remedy = {};
};

// Base of everything the library throws. what() reads
// "[where] found; allowed: ...; try: ...".
class Error : public std::runtime_error {
 public:
  explicit Error(ErrorParts parts, int exit_code = kExitFailed);
  const ErrorParts& parts() const { return parts_; }
  int exit_code() const { return exit_code_; }

 private:
  ErrorParts parts_;
  int exit_code_;
};

// A command line, recipe, key or value that cannot be used as given (exit 2).
class UsageError : public Error {
 public:
  explicit UsageError(ErrorParts parts) : Error(std::move(parts), kExitUsage) {}
};

// A data set or media file that is missing, broken or of another kind than asked for.
class DataError : public Error {
 public:
  explicit DataError(ErrorParts parts) : Error(std::move(parts)) {}
};

// The operating system refused: no space, no permission, no such file.
class FileError : public Error {
 public:
  explicit FileError(ErrorParts parts) : Error(std::move(parts)) {}
};

// A checkpoint or model file that is damaged or does not fit the networks.
class ModelError : public Error {
 public:
  explicit ModelError(ErrorParts parts) : Error(std::move(parts)) {}
};

// NaN or infinity in a loss, gradient, weight or sample.
class NumericError : public Error {
 public:
  explicit NumericError(ErrorParts parts) : Error(std::move(parts)) {}
};

// Work was stopped on request after saving; `gan resume` continues it (exit 75).
class StoppedError : public Error {
 public:
  explicit StoppedError(ErrorParts parts) : Error(std::move(parts), kExitStopped) {}
};

}  // namespace ganymede
