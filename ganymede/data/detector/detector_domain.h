// What a detector saw: amounts on a grid, and the physical parameters of an event.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ganymede/data/domain.h"

namespace ganymede::data {

// How amounts become numbers for networks: e = log10(1 + amount / unit), 0 where nothing was seen.
// Back: unit (10^e - 1), 0 below the unit; rounded for whole amounts.
struct DetectorCode {
  std::vector<double> units;  // of each channel: its smallest amount
  std::vector<bool> whole;    // of each channel
  int64_t first_row = 0;      // what the grid's first row and column stand for
  int64_t first_column = 0;
  std::string parameters = {};  // state of the ParametersDomain; empty without parameters

  nlohmann::json to_json() const;
  // Throws ModelError.
  static DetectorCode from_json(const std::string& state);
  // float [N, C, H, W] -> float32 of the same shape. Throws UsageError for other channels.
  at::Tensor encode(const at::Tensor& amounts) const;
  at::Tensor decode(const at::Tensor& samples) const;
};

// Samples float32 [N, channels, rows, columns], encoded.
class DetectorDomain final : public Domain {
 public:
  explicit DetectorDomain(const std::string& state) : code_(DetectorCode::from_json(state)) {}
  const DetectorCode& code() const { return code_; }

  std::string name() const override { return "detector"; }
  int64_t preview_count(const SampleSpec& spec) const override;
  // Each event's channels side by side as colours (dark: nothing), and beside them those of `reals`
  // where there are as many.
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  std::vector<media::Image> pictures(const at::Tensor&) const override { return {}; }
  // .npz (amounts: float32 [N, C, H, W]), .csv (event,channel,row,column,amount: one hit a line),
  // .npy, and pictures.
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;
  DataConfig fitting(DataConfig config, const SampleSpec& spec) const override;

 private:
  DetectorCode code_;
};

// Parameters of an event, float32 [N, count], each divided by its largest magnitude in the data.
class ParametersDomain final : public Domain {
 public:
  // `state`: {"names": [...], "scales": [...], "means": [...]}. Throws ModelError.
  explicit ParametersDomain(const std::string& state);

  const std::vector<std::string>& names() const { return names_; }
  // Physical values, float [..., count], as samples.
  at::Tensor encode(const at::Tensor& physical) const;

  std::string name() const override { return "parameters"; }
  int64_t preview_count(const SampleSpec&) const override { return 1000; }
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  std::vector<media::Image> pictures(const at::Tensor&) const override { return {}; }
  // .csv with a header of names.
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;
  // "p1 14.996, p2 16.941".
  std::vector<std::string> captions(const at::Tensor& samples) const override;
  // "p1=3,p2=16.9"; what is left out has the mean of the data.
  at::Tensor parse(const std::string& text, const SampleSpec& spec) const override;

 private:
  at::Tensor physical(const at::Tensor& samples) const;

  std::vector<std::string> names_;
  std::vector<double> scales_, means_;
};

}  // namespace ganymede::data
