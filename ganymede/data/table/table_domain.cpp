#include "ganymede/data/table/table_domain.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/data/table/table_preview.h"
#include "ganymede/data/table/where.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/npy.h"

namespace ganymede::data {
namespace {

bool is_text(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".csv" || extension == ".tsv" || extension == ".dat" || extension == ".txt";
}

class RowWriter final : public SampleWriter {
 public:
  RowWriter(std::shared_ptr<const Encoder> encoder, const std::filesystem::path& path)
      : encoder_(std::move(encoder)), writer_(path, encoder_->shared_schema()) {}

  void add(const at::Tensor& samples) override {
    writer_.add(encoder_->decode(samples, rows_));
    rows_ += samples.size(0);
  }
  void finish() override { writer_.finish(); }

 private:
  std::shared_ptr<const Encoder> encoder_;
  TableWriter writer_;
  int64_t rows_ = 0;
};

// A name that any unpacker takes.
std::string member_name(int64_t place, const std::string& name) {
  std::string plain = fmt::format("{:03}_", place);
  for (const char c : name) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    plain.push_back(letter || c == '-' ? c : '_');
  }
  return plain;
}

template <typename T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

void write_arrays(const Table& table, const std::filesystem::path& path) {
  std::map<std::string, media::ArrayView> arrays;
  const std::vector<int64_t> shape = {table.rows()};
  for (int64_t c = 0; c < table.columns(); ++c) {
    const Cells& cells = table.cells(c);
    const std::string name = member_name(c, table.column(c).name);
    if (table.column(c).is_continuous()) {
      arrays[name] = {media::DType::kF64, shape, bytes_of(cells.numbers)};
    } else if (table.column(c).is_discrete()) {
      arrays[name] = {media::DType::kI32, shape, bytes_of(cells.codes)};
    }
  }
  const std::string schema = to_json(table.schema()).dump();
  arrays["schema"] = {media::DType::kU8, {static_cast<int64_t>(schema.size())}, schema};
  media::write_npz(path, arrays);
}

}  // namespace

TableDomain::TableDomain(const std::string& state) {
  const auto json = nlohmann::json::parse(state, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    throw ModelError({.where = "domain_state",
                      .found = state.empty() ? "no encoding" : "text that is not JSON",
                      .allowed = "the encoding of a table"});
  }
  encoder_ = std::make_shared<const Encoder>(Encoder::from_json(json, "domain_state"));
}

media::Image TableDomain::preview(const at::Tensor& samples, const at::Tensor& reals,
                                  const PreviewOptions& options) const {
  const Table rows = encoder_->decode(samples);
  if (!reals.defined()) return table_preview(rows, nullptr, options.title);
  const Table real_rows = encoder_->decode(reals);
  return table_preview(rows, &real_rows, options.title);
}

std::vector<std::filesystem::path> TableDomain::write(const at::Tensor& samples,
                                                      const std::vector<std::string>&,
                                                      const std::filesystem::path& path,
                                                      const PreviewOptions& options) const {
  if (is_text(path)) {
    RowWriter writer(encoder_, path);
    writer.add(samples);
    writer.finish();
  } else if (path.extension() == ".npz") {
    write_arrays(encoder_->decode(samples), path);
  } else if (media::has_image_extension(path)) {
    media::write_image(path, preview(samples, {}, options));
  } else {
    const std::string extension = path.extension().string();
    throw UsageError({path.string(),
                      extension.empty() ? "no extension" : "the extension " + extension,
                      ".csv, .tsv, .dat, .txt, .npz, .png, .webp, .jpg or .gif"});
  }
  return {path};
}

DataConfig TableDomain::fitting(DataConfig config, const SampleSpec& spec) const {
  config.domain = "table";
  config.domain_state = spec.domain_state;
  return config;
}

std::unique_ptr<SampleFilter> TableDomain::filter(const std::string& condition) const {
  return std::make_unique<TableFilter>(encoder_, condition);
}

std::unique_ptr<SampleWriter> TableDomain::stream(const std::filesystem::path& path) const {
  if (!is_text(path)) return nullptr;
  return std::make_unique<RowWriter>(encoder_, path);
}

at::Tensor TableFilter::conditions(const std::vector<uint64_t>& seeds) const {
  if (shares_.empty()) return {};
  int64_t width = 0;
  for (const ColumnCode& code : encoder_->codes())
    width += static_cast<int64_t>(code.shares.size());
  double total = 0;
  for (const double share : shares_) total += share;
  at::Tensor rows = at::zeros({static_cast<int64_t>(seeds.size()), width});
  for (size_t i = 0; i < seeds.size(); ++i) {
    double left = Stream(seeds[i], "where").next_uniform() * total;
    size_t place = 0, last = 0;
    for (; place < shares_.size(); ++place) {
      if (shares_[place] == 0) continue;
      last = place;
      left -= shares_[place];
      if (left < 0) break;
    }
    rows[static_cast<int64_t>(i)].data_ptr<float>()[offset_ + static_cast<int64_t>(last)] = 1.0F;
  }
  return rows;
}

const TableDomain* table_domain_of(const SampleSpec& spec) {
  return dynamic_cast<const TableDomain*>(&domain_of(spec));
}

}  // namespace ganymede::data
