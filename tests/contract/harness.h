// Every registered gan on every kind of sample that it plays, and one training step by hand.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/gans/registry.h"
#include "ganymede/gans/sampling.h"

namespace ganymede::contract {

struct Case {
  std::string gan;
  std::string name;  // "dcgan_image_1x28x28"
  SampleSpec spec;
};

// GoogleTest looks for this name.
void PrintTo(const Case& value, std::ostream* out);

// The registry times the specs that its gans accept.
const std::vector<Case>& cases();

// The gan with its default configuration, drawn from `seed`.
std::unique_ptr<gans::Gan> make(const Case& value, uint64_t seed = 7);

// Rows of a small batch: a table's are judged in packs.
int64_t batch_of(const SampleSpec& spec);

// Uniform samples in [-1, 1] of the case's shape, with labels where it has classes.
Batch reals(const SampleSpec& spec, int64_t count, uint64_t seed);

// Loss of one phase under the trainer's rules: only its networks trainable, training mode.
at::Tensor phase_loss(gans::Gan& gan, const gans::Phase& phase, const Batch& reals,
                      gans::Step& step);

// A small step against the sign of every gradient, which no game can make diverge; gradients are
// dropped afterwards.
void descend(const gans::Phase& phase);

// `count` whole steps: every phase with its repeats, fresh reals for each.
void train(gans::Gan& gan, int64_t count, uint64_t seed,
           const std::function<void()>& between_phases = {});

using State = std::map<std::string, nn::TensorMap>;
State copy_of(const State& state);
// Names of the tensors that differ in any bit, as "network/path".
std::vector<std::string> differences(const State& a, const State& b);

// The stems ("generator", "generator_ema") of the networks that `phase` does not update.
State without_updated(const State& state, const gans::Phase& phase);

// What `count` samples are made from, uniform in [-1, 1]; undefined where spec gives nothing.
at::Tensor given(const SampleSpec& spec, int64_t count, uint64_t seed);

// A request for these seeds; what each is made from is a function of its seed alone.
gans::Request seeds_for(const SampleSpec& spec, std::vector<uint64_t> values);

}  // namespace ganymede::contract
