// The list of gans. A file ganymede/gans/<name>.cpp that defines
// `void register_<name>(Registry&)` is in it by being there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/config/schema.h"
#include "ganymede/gans/gan.h"

namespace ganymede::gans {

// What `gan list` says of a gan.
struct GanInfo {
  std::string name;                  // "dcgan"
  std::string title;                 // "Deep convolutional GAN"
  std::string paper;                 // "Radford, Metz, Chintala 2016, arXiv 1511.06434"
  std::string task;                  // "unconditional generation"
  std::vector<std::string> domains;  // "image", "points"
  std::string sizes;                 // "28, 32, 64 px"
  std::vector<std::string> players = {"D", "G"};  // whose optimizers a recipe may set
};

// A gan's configuration on its way to an instance.
class GanBuilder {
 public:
  virtual ~GanBuilder() = default;
  // The [gan] section bound to the configuration held here.
  virtual config::Section section() = 0;
  // The same section with its defaults, bound to nothing that must live on.
  virtual config::Section defaults() const = 0;
  // Throws UsageError when the configuration and the samples do not go together.
  virtual std::unique_ptr<Gan> build(const SampleSpec& spec) const = 0;
};

class Registry {
 public:
  struct Entry {
    GanInfo info;
    std::function<std::unique_ptr<GanBuilder>()> builder;
  };

  // G is constructible from (const Config&, const SampleSpec&).
  template <typename G, typename Config>
  void add(GanInfo info) {
    entries_.push_back({std::move(info), [] { return std::make_unique<Configured<G, Config>>(); }});
  }

  const std::vector<Entry>& entries() const { return entries_; }
  // Throws UsageError with a did-you-mean.
  const Entry& find(const std::string& name) const;

 private:
  template <typename G, typename Config>
  class Configured final : public GanBuilder {
   public:
    config::Section section() override { return config::Section::of("gan", config_); }
    config::Section defaults() const override { return config::Section::defaults<Config>("gan"); }
    std::unique_ptr<Gan> build(const SampleSpec& spec) const override {
      return std::make_unique<G>(config_, spec);
    }

   private:
    Config config_;
  };

  std::vector<Entry> entries_;
};

// All gans of this library, and those that a program added.
Registry& registry();

}  // namespace ganymede::gans
