#include "ganymede/core/files.h"

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "tests/core/fixture.h"

namespace ganymede {
namespace {

size_t entries_of(const fs::path& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(WriteFileAtomic, WritesReplacesAndLeavesNothingElse) {
  const TempFolder folder;
  const fs::path path = folder.path() / "state.json";
  write_file_atomic(path, "one");
  EXPECT_EQ(read_file(path), "one");
  const std::string big(3'500'000, 'b');  // several write calls
  write_file_atomic(path, big);
  EXPECT_EQ(read_file(path), big);
  write_file_atomic(path, "");
  EXPECT_EQ(read_file(path), "");
  EXPECT_EQ(entries_of(folder.path()), 1u);
}

TEST(WriteFileAtomic, LongestNameWorks) {
  const TempFolder folder;
  const fs::path path = folder.path() / std::string(255, 'n');
  write_file_atomic(path, "x");
  EXPECT_EQ(read_file(path), "x");
}

// A kill at any point leaves the old content or the whole new one.
TEST(WriteFileAtomic, OldOrNewAfterKillAtEveryFaultPoint) {
  const std::string before(10, 'o');
  const std::string after(3'500'000, 'n');
  int killed = 0;
  for (const char* point : kFaultPoints) {
    for (int passage = 1; passage <= 4; ++passage) {
      const TempFolder folder;
      const fs::path path = folder.path() / "file";
      write_file_atomic(path, before);
      const int status = status_of_child([&] {
        const ScopedVariable fault("GANYMEDE_FAULT", point + (":" + std::to_string(passage)));
        write_file_atomic(path, after);
      });
      const bool was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
      killed += was_killed ? 1 : 0;
      const bool replaced = !was_killed || std::string(point) == "file.renamed";
      EXPECT_EQ(read_file(path), replaced ? after : before) << point << ":" << passage;
    }
  }
  EXPECT_EQ(killed, 4 + 1 + 1 + 1);  // four writes of 1 MiB, one each of the others
}

TEST(WriteFileAtomic, NoSpaceIsAPlainErrorAndKeepsTheOldFile) {
  const TempFolder folder;
  const fs::path path = folder.path() / "file";
  write_file_atomic(path, "old");
  for (const char* fault : {"file.write:2:enospc", "file.sync:1:enospc", "file.rename:1:enospc"}) {
    const ScopedVariable variable("GANYMEDE_FAULT", fault);
    const std::string message =
        message_of([&] { write_file_atomic(path, std::string(2'000'000, 'x')); });
    EXPECT_EQ(message, "[" + path.string() +
                           "] cannot write: no space left on the device; try: free some space (df "
                           "-h shows how much) or choose another folder")
        << fault;
    EXPECT_EQ(read_file(path), "old");
    EXPECT_EQ(entries_of(folder.path()), 1u) << "the temporary file stayed";
  }
}

// The kernel's own refusal rather than an injected one.
TEST(WriteFileAtomic, FullDeviceAndMissingFolder) {
  EXPECT_NE(message_of([] { append_file("/dev/full", "x"); }).find("no space left"),
            std::string::npos);
  const std::string message = message_of([] { write_file_atomic("/nowhere/at/all", "x"); });
  EXPECT_EQ(message, "[/nowhere/at/all] cannot write: no such file or folder; try: check the path");
}

TEST(WriteFileAtomic, ReadOnlyFileSystem) {
  const TempFolder folder;
  const ScopedVariable variable("GANYMEDE_FAULT", "file.write:1:erofs");
  EXPECT_NE(message_of([&] {
              write_file_atomic(folder.path() / "file", "x");
            }).find("the file system is read-only; try: choose a folder that can be written"),
            std::string::npos);
}

// In a child that gives up root's right to write anywhere.
TEST(WriteFileAtomic, FolderOfSomebodyElse) {
  const TempFolder folder;
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  const int status = status_of_child([&] {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(98);
    const std::string message = message_of([&] { write_file_atomic(folder.path() / "file", "x"); });
    ::_exit(message.find("cannot write: permission denied; try: ") == std::string::npos ? 1 : 0);
  });
  EXPECT_EQ(status, 0);
  fs::permissions(folder.path(), fs::perms::owner_all);
}

TEST(FaultPoint, UnknownPlansAreErrors) {
  const TempFolder folder;
  for (const char* plan :
       {"file.write", "file.write:0", "file.write:x", ":1", "file.write:1:bang"}) {
    const ScopedVariable variable("GANYMEDE_FAULT", plan);
    EXPECT_THROW(write_file_atomic(folder.path() / "file", "x"), UsageError) << plan;
  }
}

TEST(AppendFile, Appends) {
  const TempFolder folder;
  const fs::path path = folder.path() / "log";
  append_file(path, "a\n");
  append_file(path, "b\n", true);
  EXPECT_EQ(read_file(path), "a\nb\n");
}

TEST(ReadFile, RefusesWhatIsNotAFileOrTooLarge) {
  const TempFolder folder;
  const fs::path path = folder.path() / "ten";
  write_file_durable(path, "0123456789");
  EXPECT_EQ(read_file(path, 10), "0123456789");
  EXPECT_NE(message_of([&] { read_file(path, 9); }).find("at most 9 bytes"), std::string::npos);
  EXPECT_THROW(read_file(folder.path()), FileError);
  EXPECT_THROW(read_file("/dev/zero"), FileError);
  EXPECT_THROW(read_file(folder.path() / "missing"), FileError);
  EXPECT_FALSE(read_file("/proc/self/status").empty()) << "a file whose size reads 0";
}

void fill_folder(const fs::path& folder, const std::string& text) {
  fs::create_directories(folder / "inner");
  write_file_durable(folder / "a", text);
  write_file_durable(folder / "inner" / "b", text);
}

TEST(CommitFolder, AppearsAndReplaces) {
  const TempFolder folder;
  const fs::path target = folder.path() / "000100";
  fill_folder(folder.path() / "new", "1");
  commit_folder(folder.path() / "new", target);
  EXPECT_EQ(read_file(target / "inner" / "b"), "1");
  fill_folder(folder.path() / "new", "2");
  commit_folder(folder.path() / "new/", target);
  EXPECT_EQ(read_file(target / "a"), "2");
  EXPECT_EQ(entries_of(folder.path()), 1u);
}

TEST(CommitFolder, OldOrNewAfterKill) {
  for (const char* fault : {"file.rename:1", "file.renamed:1"}) {
    const TempFolder folder;
    const fs::path target = folder.path() / "target";
    fill_folder(target, "old");
    fill_folder(folder.path() / "new", "new");
    const int status = status_of_child([&] {
      const ScopedVariable variable("GANYMEDE_FAULT", fault);
      commit_folder(folder.path() / "new", target);
    });
    ASSERT_TRUE(WIFSIGNALED(status)) << fault;
    const std::string expected = std::string(fault) == "file.rename:1" ? "old" : "new";
    EXPECT_EQ(read_file(target / "a"), expected);
    EXPECT_EQ(read_file(target / "inner" / "b"), expected);
  }
}

TEST(CommitFolder, RefusesStrangersAndMissingOnes) {
  const TempFolder folder;
  fs::create_directories(folder.path() / "deep" / "x");
  EXPECT_THROW(commit_folder(folder.path() / "deep" / "x", folder.path() / "y"), UsageError);
  EXPECT_THROW(commit_folder(folder.path() / "missing", folder.path() / "y"), FileError);
}

TEST(FolderLock, SecondHolderIsToldWhoHasIt) {
  const TempFolder folder;
  {
    const FolderLock lock(folder.path());
    const std::string message = message_of([&] { FolderLock second(folder.path()); });
    EXPECT_NE(message.find("in use by process " + std::to_string(::getpid()) + " on "),
              std::string::npos)
        << message;
    const int status = status_of_child([&] {
      try {
        FolderLock second(folder.path());
      } catch (const UsageError&) {
        ::_exit(7);
      }
    });
    EXPECT_EQ(WEXITSTATUS(status), 7);
    const FolderLock other(folder.path(), "other.lock");
  }
  EXPECT_EQ(entries_of(folder.path()), 0u);
  const FolderLock again(folder.path());
}

TEST(FolderLock, IsFreeAfterKill) {
  const TempFolder folder;
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(folder.path());
    (void)!::write(pipe_ends[1], "x", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(pipe_ends[0], &byte, 1), 1);
  EXPECT_NE(
      message_of([&] { FolderLock lock(folder.path()); }).find("process " + std::to_string(child)),
      std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::exists(folder.path() / "lock")) << "the killed process cannot have removed it";
  EXPECT_EQ(message_of([&] { FolderLock lock(folder.path()); }), "no error");
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST(FolderLock, MissingFolder) { EXPECT_THROW(FolderLock("/nowhere/at/all"), FileError); }

}  // namespace
}  // namespace ganymede
