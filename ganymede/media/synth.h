// A plain synthesiser, so that music can be heard without a sound font.
#pragma once

#include "ganymede/media/midi.h"
#include "ganymede/media/wav.h"

namespace ganymede::media {

struct SynthOptions {
  int rate_hz = 22'050;
  double longest_s = 1200;  // of the music
};

// Notes as plucked strings: harmonics of falling loudness that die away the faster the higher they
// are; none above half the rate. Drums (channel 10) are left out. A second of silence for a file
// without notes. Throws UsageError for music of more than longest_s seconds.
Sound synthesize(const MidiFile& file, const SynthOptions& options = {});

}  // namespace ganymede::media
