// Weights that begin by what a batch of data does to them (Salimans & Kingma 2016,
// arXiv 1602.07868, sec. 3): one pass inside this scope sets them, layer after layer.
#pragma once

namespace ganymede::nn {

// While it lives, layers of this thread that know how (weight norm, minibatch discrimination) set
// their scales and biases in every forward pass so that their outputs for that batch have the
// published mean and size. The caller disables gradients.
class DataInit {
 public:
  DataInit();
  ~DataInit();
  DataInit(const DataInit&) = delete;
  DataInit& operator=(const DataInit&) = delete;

  static bool active();

 private:
  bool before_;
};

}  // namespace ganymede::nn
