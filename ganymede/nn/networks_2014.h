// The networks of the first GAN's code (goodfeli/adversarial): fully connected for MNIST, faces and
// CIFAR-10, and CIFAR-10's deconvolution and maxout convolution.
#pragma once

#include <cstdint>
#include <vector>

#include "ganymede/core/sample.h"
#include "ganymede/nn/layers.h"

namespace ganymede::nn {

struct Networks2014 {
  int64_t latent_dim = 100;
  std::vector<int64_t> generator_units = {1200, 1200};
  bool sigmoid_last = false;   // G's last hidden layer is sigmoid instead of ReLU (CIFAR-10, faces)
  bool linear_output = false;  // pixels are what G's last layer gives, instead of 2 sigmoid - 1
  std::vector<int64_t> discriminator_units = {240, 240};
  int64_t maxout_pieces = 5;  // 1: ReLU units
  double input_keep = 0.8;
  double hidden_keep = 0.5;
  double generator_init = 0.05;  // uniform in +- this with zero bias; 0: +-1/sqrt(inputs) for both
  double output_init = 0;        // the same for G's last layer; 0: as the others
  double discriminator_init = 0.005;
};

// z [N, latent_dim] -> samples [N, ...spec.shape]; images in [-1, 1] unless linear_output.
ModulePtr generator_2014(const Networks2014& options, const SampleSpec& spec);
// Samples -> logits [N, 1]. Images are seen in [0, 1].
ModulePtr discriminator_2014(const Networks2014& options, const SampleSpec& spec);

// CIFAR-10's convolutional pair. G: its hidden units, 80 maps of a third of the size, 5x5
// transposed convolution of stride 3. D: maxout convolutions of 32, 32 and 192 channels, 2 pieces,
// kernels 8, 8 and 5, max pools of 4, 4 and 2 with stride 2, then its maxout units. UsageError for
// other images than squares whose side is 2 more than a multiple of 3, at least 20 px (32 px is).
ModulePtr deconv_generator_2014(const Networks2014& options, const SampleSpec& spec);
ModulePtr conv_discriminator_2014(const Networks2014& options, const SampleSpec& spec);

// The largest of `pieces` convolutions: [N, in, H, W] -> [N, out, H', W'].
ModulePtr maxout_conv(int64_t in, int64_t out, int64_t pieces, const ConvOptions& options);

}  // namespace ganymede::nn
