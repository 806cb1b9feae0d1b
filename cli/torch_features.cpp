#include "cli/torch_features.h"

#include <filesystem>

#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/interop/torch_file.h"
#include "ganymede/metrics/pretrained_nets.h"

namespace ganymede::cli {

std::shared_ptr<const metrics::FeatureNet> torch_feature_net(const std::string& file,
                                                             const std::string& resize) {
  const std::filesystem::path path = file;
  if (!std::filesystem::is_regular_file(path)) return nullptr;
  const bool named_so = path.extension() == ".pth" || path.extension() == ".pt";
  if (!named_so && !interop::is_torch_file(path)) return nullptr;
  // Hash and tensors come from one reading, whatever happens to the file meanwhile.
  const media::ByteSource source(read_file(path), file);
  return metrics::pretrained_net(interop::read_torch_file(source), sha256_hex(source.buffer()),
                                 file, {.resize = resize});
}

}  // namespace ganymede::cli
