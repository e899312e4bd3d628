#include "record/crc32c.h"
#include "record/record.h"
#include "support/catch.h"

namespace longbeat::server {

TEST_CASE("the checksum", "[server][record]") {
  // The check value of CRC-32C, and that of 32 zero bytes.
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  SECTION("continues where it stopped, and is the same with and without the processor's instruction") {
    std::string text;
    for (int i = 0; i < 300; ++i) {
      CHECK(crc32c(text) == crc32c_portable(text));
      CHECK(crc32c(text.substr(text.size() / 3), crc32c(text.substr(0, text.size() / 3))) == crc32c(text));
      text.push_back(static_cast<char>(i * 7));
    }
  }
}

TEST_CASE("a sealed row", "[server][record]") {
  const RowRef row(std::uint8_t{2}, 17);
  std::string bytes;
  seal(row, "some body", bytes);
  CHECK(unseal(row, bytes).value() == "some body");
  const auto text = [&row](std::string_view damaged) { return to_string(unseal(row, damaged).error()); };

  SECTION("may be empty") {
    seal(row, "", bytes);
    CHECK(unseal(row, bytes).value().empty());
  }
  SECTION("is refused after any flipped bit") {
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      CHECK(text(damaged) == "DATA_LOSS: progress row 17 is damaged: its checksum does not match");
    }
  }
  SECTION("is refused when cut anywhere") {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK(unseal(row, std::string_view(bytes).substr(0, size)).error().code == internal::StatusCode::kDataLoss);
    }
    CHECK(text("") == "DATA_LOSS: progress row 17 is cut off: 0 bytes, a row has at least 5");
  }
  SECTION("is refused under another key or in another table") {
    CHECK(to_string(unseal({std::uint8_t{2}, 18}, bytes).error()) ==
          "DATA_LOSS: progress row 18 is damaged: its checksum does not match");
    CHECK_FALSE(unseal({std::uint8_t{3}, 17}, bytes).ok());
  }
  SECTION("of a newer format is refused by its number") {
    bytes[0] = 2;
    const std::string place("\x02\x11\0\0\0\0\0\0\0\x02", 10);
    const std::uint32_t crc = crc32c("some body", crc32c(place));
    for (std::size_t i = 0; i < 4; ++i) bytes[i + 1] = static_cast<char>(crc >> (8 * i));
    CHECK(text(bytes) == "DATA_LOSS: progress row 17 has format 2, this server reads up to 1");
  }
}

}  // namespace longbeat::server
