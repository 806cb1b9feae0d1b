#include "ganymede/media/tensor_folder.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <limits>

#include "container_checks.h"
#include "ganymede/core/hash.h"

namespace ganymede::media {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::map<std::string, TensorMap> sample_files(float scale) {
  return {{"generator",
           {{"weight", at::arange(6, at::kFloat).reshape({2, 3}) * scale},
            {"steps", at::scalar_tensor(7, at::kLong)}}},
          {"optimizer", {{"moment", at::ones({3}, at::kDouble) * scale}}}};
}

Json sample_state(int step) {
  return {{"step", step}, {"kimg", 0.1}, {"lr", 2e-4}, {"name", "dé"}};
}

void expect_sample(const fs::path& path, float scale, int step) {
  const TensorFolder folder = read_tensor_folder(path);
  const auto expected = sample_files(scale);
  ASSERT_EQ(folder.files.size(), expected.size());
  for (const auto& [stem, tensors] : expected) {
    for (const auto& [name, tensor] : tensors) {
      EXPECT_TRUE(folder.files.at(stem).at(name).equal(tensor)) << stem << " " << name;
    }
  }
  EXPECT_EQ(folder.state, sample_state(step));
}

std::vector<std::string> entries_of(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

// A manifest whose hash is right, as a hostile writer would make it.
std::string signed_manifest(const std::string& body) {
  return body + ",\n  \"sha256\": \"" + sha256_hex(body) + "\"\n}\n";
}

TEST(TensorFolder, RoundTrips) {
  const ScratchFolder scratch;
  write_tensor_folder(scratch / "000600", sample_files(1), sample_state(1));
  expect_sample(scratch / "000600", 1, 1);
  EXPECT_EQ(entries_of(scratch.path()), std::vector<std::string>{"000600"});
  EXPECT_EQ(entries_of(scratch / "000600"),
            (std::vector<std::string>{"generator.safetensors", "manifest.json",
                                      "optimizer.safetensors"}));
  EXPECT_TRUE(is_tensor_folder(scratch / "000600"));
  EXPECT_FALSE(is_tensor_folder(scratch.path()));
}

TEST(TensorFolder, EqualContentGivesEqualBytes) {
  const ScratchFolder scratch;
  write_tensor_folder(scratch / "a", sample_files(1), sample_state(1));
  write_tensor_folder(scratch / "b", sample_files(1), sample_state(1));
  for (const std::string& name : entries_of(scratch / "a")) {
    EXPECT_EQ(read_bytes(scratch / "a" / name), read_bytes(scratch / "b" / name)) << name;
  }
}

TEST(TensorFolder, ManifestSaysWhatIsInside) {
  const ScratchFolder scratch;
  write_tensor_folder(scratch / "a", sample_files(1), sample_state(3));
  const Json manifest = Json::parse(read_bytes(scratch / "a" / "manifest.json"));
  EXPECT_EQ(manifest.at("format"), "ganymede-tensor-folder");
  EXPECT_EQ(manifest.at("version"), 1);
  EXPECT_EQ(manifest.at("state").at("step"), 3);
  const Json& file = manifest.at("files").at(0);
  const std::string bytes = read_bytes(scratch / "a" / "generator.safetensors");
  EXPECT_EQ(file.at("name"), "generator.safetensors");
  EXPECT_EQ(file.at("bytes"), bytes.size());
  EXPECT_EQ(file.at("sha256"), sha256_hex(bytes));
  EXPECT_EQ(file.at("tensors"), 2);
  EXPECT_EQ(read_tensor_folder_manifest(scratch / "a").state, sample_state(3));
}

TEST(TensorFolder, ReplacesAnOlderFolderWhole) {
  const ScratchFolder scratch;
  auto more = sample_files(1);
  more["extra"] = {{"x", at::zeros(3)}};
  write_tensor_folder(scratch / "latest", more, sample_state(1));
  write_tensor_folder(scratch / "latest", sample_files(2), sample_state(2));
  expect_sample(scratch / "latest", 2, 2);
  EXPECT_EQ(entries_of(scratch.path()), std::vector<std::string>{"latest"});
}

TEST(TensorFolder, StateNumbersComeBackExactly) {
  const ScratchFolder scratch;
  const Json state = {{"third", 1.0 / 3.0},
                      {"tiny", std::numeric_limits<double>::denorm_min()},
                      {"big", std::numeric_limits<uint64_t>::max()},
                      {"low", std::numeric_limits<int64_t>::min()},
                      {"minus_zero", -0.0}};
  write_tensor_folder(scratch / "a", {}, state);
  const Json read = read_tensor_folder(scratch / "a").state;
  EXPECT_EQ(read, state);
  EXPECT_TRUE(std::signbit(read.at("minus_zero").get<double>()));
}

TEST(TensorFolder, RefusesStateThatJsonWouldLose) {
  const ScratchFolder scratch;
  const auto write = [&](const Json& state) {
    return [&scratch, state] { write_tensor_folder(scratch / "a", {}, state); };
  };
  expect_refused<ModelError>("nan", "state.loss[1]", write({{"loss", {1.0, std::nan("")}}}));
  expect_refused<ModelError>("inf", "state", write(std::numeric_limits<double>::infinity()));
  expect_refused<ModelError>("text", "UTF-8", write("\xff"));
  EXPECT_TRUE(entries_of(scratch.path()).empty());
}

TEST(TensorFolder, RefusesFileNamesThatLeaveTheFolder) {
  const ScratchFolder scratch;
  for (const char* stem : {"../x", "/x", "a/b", ".hidden", "a b", ""}) {
    expect_refused<UsageError>(stem, "file name", [&] {
      write_tensor_folder(scratch / "a", {{stem, {}}}, Json::object());
    });
  }
  EXPECT_TRUE(entries_of(scratch.path()).empty());
}

// Every bit of every byte of every file, and every byte replaced by a space, a tab and a digit.
TEST(TensorFolder, EveryChangedByteIsDetected) {
  const ScratchFolder scratch;
  const fs::path folder = scratch / "a";
  write_tensor_folder(folder, sample_files(1), sample_state(1));
  size_t changes = 0;
  for (const std::string& name : entries_of(folder)) {
    const std::string original = read_bytes(folder / name);
    const int fd = ::open((folder / name).c_str(), O_WRONLY);
    ASSERT_GE(fd, 0);
    for (size_t i = 0; i < original.size(); ++i) {
      std::string values = " \t0";
      for (int bit = 0; bit < 8; ++bit) values += static_cast<char>(original[i] ^ (1 << bit));
      for (const char value : values) {
        if (value == original[i]) continue;
        ASSERT_EQ(::pwrite(fd, &value, 1, static_cast<off_t>(i)), 1);
        ++changes;
        try {
          read_tensor_folder(folder);
          ADD_FAILURE() << name << " byte " << i << " as " << static_cast<int>(value);
        } catch (const ModelError& error) {
          EXPECT_NE(error.parts().where.find(name), std::string::npos) << error.what();
        }
      }
      ASSERT_EQ(::pwrite(fd, &original[i], 1, static_cast<off_t>(i)), 1);
    }
    ::close(fd);
  }
  EXPECT_GT(changes, 10'000U);
  expect_sample(folder, 1, 1);
}

TEST(TensorFolder, EveryTruncationIsDetected) {
  const ScratchFolder scratch;
  const fs::path folder = scratch / "a";
  write_tensor_folder(folder, sample_files(1), sample_state(1));
  for (const std::string& name : entries_of(folder)) {
    const std::string original = read_bytes(folder / name);
    for (size_t size = original.size(); size-- > 0;) {
      fs::resize_file(folder / name, size);
      expect_refused<ModelError>(name + " " + std::to_string(size), name,
                                 [&] { read_tensor_folder(folder); });
    }
    write_bytes(folder / name, original + "x");
    expect_refused<ModelError>(name + " longer", name, [&] { read_tensor_folder(folder); });
    write_bytes(folder / name, original);
  }
  expect_sample(folder, 1, 1);
}

TEST(TensorFolder, NamesTheDamagedTensor) {
  const ScratchFolder scratch;
  write_tensor_folder(scratch / "a", sample_files(1), sample_state(1));
  const fs::path path = scratch / "a" / "generator.safetensors";
  std::string bytes = read_bytes(path);
  bytes.back() ^= 1;
  write_bytes(path, bytes);
  expect_refused<ModelError>("weight", "tensor \"weight\" has changed",
                             [&] { read_tensor_folder(scratch / "a"); });
}

TEST(TensorFolder, NamesMissingExtraAndSwappedFiles) {
  const ScratchFolder scratch;
  write_tensor_folder(scratch / "a", sample_files(1), sample_state(1));
  write_tensor_folder(scratch / "b", sample_files(2), sample_state(1));
  const auto read = [&] { read_tensor_folder(scratch / "a"); };
  const fs::path file = scratch / "a" / "generator.safetensors";
  fs::copy_file(scratch / "b" / "generator.safetensors", file,
                fs::copy_options::overwrite_existing);
  expect_refused<ModelError>("swapped", "generator.safetensors", read);
  fs::remove(file);
  expect_refused<ModelError>("missing", "generator.safetensors] missing", read);
  fs::create_symlink(file, file);
  expect_refused<ModelError>("CKP05", "generator.safetensors] missing", read);
  fs::remove(file);
  fs::create_directory(file);
  expect_refused<ModelError>("folder", "generator.safetensors] missing", read);
  fs::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  expect_refused<ModelError>("pipe", "generator.safetensors] missing", read);
  write_bytes(scratch / "b" / "manifest.json.1", "{}");
  expect_refused<ModelError>("CKP03", "manifest.json.1",
                             [&] { read_tensor_folder(scratch / "b"); });
  fs::remove(scratch / "b" / "manifest.json.1");
  fs::remove(scratch / "b" / "manifest.json");
  expect_refused<ModelError>("no manifest", "manifest.json] missing",
                             [&] { read_tensor_folder(scratch / "b"); });
  expect_refused<FileError>("no folder", "no such folder",
                            [&] { read_tensor_folder(scratch / "c"); });
}

TEST(TensorFolder, RefusesHostileManifests) {
  const ScratchFolder scratch;
  const auto expect_bad = [&](const std::string& label, const std::string& needle,
                              const std::string& text) {
    fs::create_directories(scratch / "m");
    write_bytes(scratch / "m" / "manifest.json", text);
    expect_refused<ModelError>(label, needle, [&] { read_tensor_folder(scratch / "m"); });
  };
  const std::string head = "{\"format\": \"ganymede-tensor-folder\", ";
  expect_bad("CKP04", "version 2", signed_manifest(head + "\"version\": 2, \"files\": []"));
  expect_bad("version 0", "version 0", signed_manifest(head + "\"version\": 0, \"files\": []"));
  expect_bad("other format", "another format", signed_manifest("{\"format\": \"zip\""));
  expect_bad("no format", "another format", signed_manifest("{\"a\": 1"));
  expect_bad("no version", "missing or of another type", signed_manifest(head + "\"files\": []"));
  expect_bad("format type", "another type", signed_manifest("{\"format\": 3"));
  expect_bad("not JSON", "not JSON", signed_manifest("{\"a\": ["));
  expect_bad("deep", "nested too deeply",
             signed_manifest("{\"a\": " + std::string(100'000, '[') + std::string(100'000, ']')));
  for (const char* name : {"../x", "/etc/passwd", "manifest.json", ".", ""}) {
    expect_bad(name, "file name",
               signed_manifest(head + "\"version\": 1, \"state\": 0, \"files\": [{\"name\": \"" +
                               name + "\", \"bytes\": 1, \"sha256\": \"\", \"checksums\": {}}]"));
  }
  expect_bad("empty", "only 0 bytes", "");
}

TEST(TensorFolder, FailedWriteLeavesNothingBehind) {
  const ScratchFolder scratch;
  write_tensor_folder(scratch / "a", sample_files(1), sample_state(1));
  for (const char* fault : {"file.write:1:enospc", "file.write:3:enospc", "file.sync:2:eio",
                            "folder.file:2:eio", "folder.manifest:1:enospc", "file.rename:1:eio"}) {
    expect_refused<FileError>(fault, "", [&] {
      const Fault planned(fault);
      write_tensor_folder(scratch / "a", sample_files(2), sample_state(2));
    });
    EXPECT_EQ(entries_of(scratch.path()), std::vector<std::string>{"a"}) << fault;
    expect_sample(scratch / "a", 1, 1);
  }
}

TEST(TensorFolder, MissingParentIsAFileError) {
  const ScratchFolder scratch;
  expect_refused<FileError>("parent", "a/b",
                            [&] { write_tensor_folder(scratch / "a/b", {}, Json::object()); });
}

// kill -9 at every passage of every fault point: the target is the old folder or the new one, and
// the next start finds nothing else after cleaning up.
TEST(TensorFolder, SurvivesKillAtEveryPoint) {
  for (const char* point : {"file.write", "file.sync", "file.rename", "file.renamed", "folder.file",
                            "folder.manifest", "folder.committed"}) {
    bool killed = true;
    for (int passage = 1; killed; ++passage) {
      SCOPED_TRACE(std::string(point) + ":" + std::to_string(passage));
      const ScratchFolder scratch;
      write_tensor_folder(scratch / "a", sample_files(1), sample_state(1));
      const pid_t child = ::fork();
      if (child == 0) {
        const Fault planned((std::string(point) + ":" + std::to_string(passage)).c_str());
        write_tensor_folder(scratch / "a", sample_files(2), sample_state(2));
        ::_exit(0);
      }
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
      ASSERT_LT(passage, 50);
      EXPECT_TRUE(killed || passage > 1);
      remove_stale_temporaries(scratch.path());
      EXPECT_EQ(entries_of(scratch.path()), std::vector<std::string>{"a"});
      const int step = read_tensor_folder(scratch / "a").state.at("step").get<int>();
      expect_sample(scratch / "a", static_cast<float>(step), step);
      const bool committed = std::string_view(point) == "file.renamed" ||
                             std::string_view(point) == "folder.committed" || !killed;
      EXPECT_EQ(step, committed ? 2 : 1);
    }
  }
}

TEST(TensorFolder, KeepsTemporariesOfLivingWriters) {
  const ScratchFolder scratch;
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    const int fd = ::mkdir((scratch / ".tmp-x-1-0").c_str(), 0700) == 0
                       ? ::open((scratch / ".tmp-x-1-0").c_str(), O_RDONLY | O_DIRECTORY)
                       : -1;
    const bool locked = ::flock(fd, LOCK_EX) == 0;
    const bool told = locked && ::write(ready[1], &byte, 1) == 1 && ::read(done[0], &byte, 1) == 1;
    ::_exit(told ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  fs::create_directory(scratch / ".tmp-dead-1-0");
  write_bytes(scratch / (".recipe.toml.tmp-" + std::to_string(child) + "-0"), "live");
  write_bytes(scratch / ".recipe.toml.tmp-999999999-0", "dead");
  write_bytes(scratch / ".other", "kept");
  EXPECT_EQ(remove_stale_temporaries(scratch.path()), 2);
  EXPECT_TRUE(fs::exists(scratch / ".tmp-x-1-0"));
  ASSERT_EQ(::write(done[1], &byte, 1), 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(remove_stale_temporaries(scratch.path()), 2);
  EXPECT_EQ(entries_of(scratch.path()), std::vector<std::string>{".other"});
  EXPECT_EQ(remove_stale_temporaries(scratch / "absent"), 0);
}

}  // namespace
}  // namespace ganymede::media
