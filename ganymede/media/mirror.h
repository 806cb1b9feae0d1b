// Places beyond the edge of a picture.
#pragma once

namespace ganymede::media {

// Index `i` of an infinite row in which [0, size) is mirrored at both ends: c b a | a b c | c b a.
inline int mirrored(int i, int size) {
  const int period = 2 * size;
  i = ((i % period) + period) % period;
  return i < size ? i : period - 1 - i;
}

}  // namespace ganymede::media
