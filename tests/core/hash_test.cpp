#include "ganymede/core/hash.h"

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "tests/core/fixture.h"

namespace ganymede {
namespace {

// FIPS 180-2 appendix B and the empty message.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 pieces;
  for (int i = 0; i < 1000; ++i) pieces.update(std::string(1000, 'a'));
  EXPECT_EQ(pieces.hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, FilesAreStreamed) {
  const TempFolder folder;
  const fs::path path = folder.path() / "million";
  write_file_durable(path, std::string(2'500'000, 'a'));
  EXPECT_EQ(sha256_hex_file(path), sha256_hex(std::string(2'500'000, 'a')));
  EXPECT_THROW(sha256_hex_file(folder.path() / "missing"), FileError);
  EXPECT_THROW(sha256_hex_file(folder.path()), FileError);
}

// RFC 3720 appendix B.4, and the usual check value.
TEST(Crc32c, PublishedVectors) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string rising(32, '\0');
  for (int i = 0; i < 32; ++i) rising[static_cast<size_t>(i)] = static_cast<char>(i);
  EXPECT_EQ(crc32c(rising), 0x46dd794eu);
}

TEST(Xxh3, ReferenceValueAndSeed) {
  EXPECT_EQ(xxh3(""), 0x2d06800538d394c2u);  // the XXH3 specification's value of the empty input
  EXPECT_NE(xxh3("abc", 0), xxh3("abc", 1));
}

}  // namespace
}  // namespace ganymede
