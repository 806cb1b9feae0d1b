// A network that rebuilds its input from a code.
#pragma once

#include "ganymede/nn/layers.h"

namespace ganymede::nn {

// Children "encoder" and "decoder"; forward() is both in turn, features() the code as [N, dim].
class Autoencoder final : public Module {
 public:
  Autoencoder(ModulePtr encoder, ModulePtr decoder)
      : encoder_(child("encoder", std::move(encoder))),
        decoder_(child("decoder", std::move(decoder))) {}

  struct Pass {
    at::Tensor code;
    at::Tensor output;
  };
  Pass pass(const at::Tensor& input) {
    at::Tensor code = encoder_(input);
    at::Tensor output = decoder_(code);
    return {std::move(code), std::move(output)};
  }
  at::Tensor forward(const at::Tensor& input) override { return pass(input).output; }
  at::Tensor features(const at::Tensor& input) override { return encoder_(input).flatten(1); }

 private:
  Module& encoder_;
  Module& decoder_;
};

}  // namespace ganymede::nn
