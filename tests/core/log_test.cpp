#include "ganymede/core/log.h"

#include <regex>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "tests/core/fixture.h"

namespace ganymede {
namespace {

TEST(LogFile, HoldsLinesOfItsLifetimeWithTime) {
  const TempFolder folder;
  const fs::path path = folder.path() / "log.txt";
  log_info("before");
  {
    const LogFile file(path);
    log_info("step {}", 5);
    log_debug("detail");
    log_warning("odd name {}", "a\nb\x1b[2J");
    EXPECT_NE(read_file(path).find("step 5"), std::string::npos) << "not flushed at once";
  }
  log_info("after");
  const std::regex expected(
      R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info step 5\n)"
      R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning odd name a\\nb\\x1b\[2J\n)");
  EXPECT_TRUE(std::regex_match(read_file(path), expected)) << read_file(path);
}

TEST(LogFile, CannotBeOpened) { EXPECT_THROW(LogFile("/proc/nowhere/log.txt"), FileError); }

TEST(Log, NothingReachesTheTerminalUnlessAsked) {
  const TempFolder folder;
  const fs::path path = folder.path() / "stderr";
  const int status = status_of_child([&] {
    if (::freopen(path.c_str(), "w", stderr) == nullptr) ::_exit(98);
    log_warning("unheard");
    log_to_terminal(LogLevel::kWarning);
    log_info("too small");
    log_warning("three broken files");
    log_to_terminal(LogLevel::kInfo);
    log_info("reading");
  });
  ASSERT_EQ(status, 0);
  EXPECT_EQ(read_file(path), "warning: three broken files\nreading\n");
}

}  // namespace
}  // namespace ganymede
