// Table rows: decoded, shown as marginals and associations, written as CSV.
#pragma once

#include <memory>

#include "ganymede/data/domain.h"
#include "ganymede/data/table/encoder.h"

namespace ganymede::data {

class TableDomain final : public Domain {
 public:
  // `state` as SampleSpec::domain_state. Throws ModelError.
  explicit TableDomain(const std::string& state);

  const Encoder& encoder() const { return *encoder_; }

  std::string name() const override { return "table"; }
  int64_t preview_count(const SampleSpec&) const override { return 2000; }
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  std::vector<media::Image> pictures(const at::Tensor&) const override { return {}; }
  // .csv (or .tsv, .dat, .txt: the source's delimiter all the same), .npz (for each column an array
  // "<place>_<name>": float64, or int32 places in its categories; "schema": the JSON's bytes), and
  // pictures.
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;
  DataConfig fitting(DataConfig config, const SampleSpec& spec) const override;
  std::unique_ptr<SampleFilter> filter(const std::string& condition) const override;
  std::unique_ptr<SampleWriter> stream(const std::filesystem::path& path) const override;

 private:
  std::shared_ptr<const Encoder> encoder_;
};

// The data set's own domain, or null when its samples are no table rows.
const TableDomain* table_domain_of(const SampleSpec& spec);

}  // namespace ganymede::data
