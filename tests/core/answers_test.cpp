#include "ganymede/core/answers.h"

#include <chrono>
#include <thread>
#include <vector>

#include "ganymede/core/files.h"
#include "tests/core/fixture.h"

namespace ganymede {
namespace {

TEST(Answers, TheFirstOneStands) {
  const TempFolder folder;
  const AnswerFile file(folder.path() / "new" / "answers.txt");
  EXPECT_EQ(file.ask("two and two", [] { return "four"; }), "four");
  EXPECT_EQ(file.ask("two and two", [] { return "five"; }), "four");
  EXPECT_EQ(file.ask("two", [] { return "three"; }), "three");
  EXPECT_EQ(read_file(file.path()), "two and two\tfour\ntwo\tthree\n");
}

TEST(Answers, WithoutAFileNothingIsKept) {
  const TempFolder folder;
  write_file_durable(folder.path() / "no folder", "");
  for (const AnswerFile& file :
       {AnswerFile({}), AnswerFile(folder.path() / "no folder" / "answers.txt")}) {
    EXPECT_EQ(file.ask("q", [] { return "a"; }), "a");
    EXPECT_EQ(file.ask("q", [] { return "b"; }), "b");
  }
}

TEST(Answers, AnUnfinishedLineIsNoAnswer) {
  const TempFolder folder;
  const fs::path path = folder.path() / "answers.txt";
  write_file_durable(path, "p\tgood\nq\tunfin");
  const AnswerFile file(path);
  EXPECT_EQ(file.ask("p", [] { return "bad"; }), "good");
  EXPECT_EQ(file.ask("q", [] { return "whole"; }), "whole");
  EXPECT_EQ(file.ask("r", [] { return "new"; }), "new");
  EXPECT_EQ(read_file(path), "p\tgood\nq\tunfin\nq\twhole\nr\tnew\n");
}

// The broken line comes first and must not be taken for the answer that follows it.
TEST(Answers, ABrokenLineMayBeMended) {
  const TempFolder folder;
  const fs::path path = folder.path() / "answers.txt";
  write_file_durable(path, "q");
  const AnswerFile file(path);
  EXPECT_EQ(file.ask("q", [] { return "whole"; }), "whole");
  EXPECT_EQ(file.ask("q", [] { return "other"; }), "whole");
}

TEST(Answers, ThoseWhoAskTogetherHearTheSame) {
  const TempFolder folder;
  const fs::path path = folder.path() / "answers.txt";
  std::vector<std::string> heard(8);
  std::vector<std::thread> threads;
  threads.reserve(heard.size());
  for (size_t i = 0; i < heard.size(); ++i) {
    threads.emplace_back([&, i] {
      heard[i] = AnswerFile(path).ask("q", [&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return std::to_string(i);
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& answer : heard) EXPECT_EQ(answer, heard.front());
  EXPECT_EQ(read_file(path), "q\t" + heard.front() + "\n");
}

}  // namespace
}  // namespace ganymede
