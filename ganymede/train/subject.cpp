#include "ganymede/train/subject.h"

#include "ganymede/gans/sampling.h"
#include "ganymede/gans/words.h"

namespace ganymede::train {

metrics::Subject subject_of(const std::shared_ptr<gans::Gan>& gan, const at::Device& device,
                            size_t direction) {
  metrics::Subject subject;
  subject.spec = gan->spec();
  subject.sample = [gan, device](const std::vector<uint64_t>& seeds) {
    return gans::sample(*gan, {.seeds = seeds, .device = device});
  };
  if (gan->conditional() || gan->spec().takes_given()) {
    subject.sample_as = [gan, device, direction](const std::vector<uint64_t>& seeds,
                                                 const metrics::Asked& asked) {
      gans::Request request{.seeds = seeds, .direction = direction, .device = device};
      if (gan->conditional()) request.labels = asked.labels;
      request.given = asked.given;
      return gans::sample(*gan, request);
    };
  }
  if (gan->classifier() != gans::Classifier::kNone) {
    subject.classes = {.classify =
                           [gan, device](const at::Tensor& samples) {
                             return gans::classify(*gan, samples, device);
                           },
                       .found = gan->classifier() == gans::Classifier::kFound};
  }
  if (gans::words_of(*gan) != nullptr) {
    subject.words = {.embed_given =
                         [gan, device](const at::Tensor& given) {
                           return gans::embed_given(*gan, given, device);
                         },
                     .embed_samples =
                         [gan, device](const at::Tensor& samples) {
                           return gans::embed_samples(*gan, samples, device);
                         }};
  }
  if (gan->knows_likelihood()) {
    subject.log_likelihood = [gan, device](const at::Tensor& samples) {
      return gans::log_likelihood(*gan, samples, device);
    };
  }
  return subject;
}

}  // namespace ganymede::train
