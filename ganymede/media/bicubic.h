// Bicubic resizing to the last bit as MATLAB's imresize: what the published tables of
// super-resolution were made with.
#pragma once

#include "ganymede/media/image.h"

namespace ganymede::media {

// Keys' kernel with a = -0.5 (1981), widened by the scale when shrinking; pixels beyond the edge
// are those within it, mirrored (c b a | a b c). The side that shrinks most comes first, then the
// other (equal: the height); each pass is summed in double and rounded to 8 bits, halves up.
// Interior pixels differ from resize() by rounding only, those near an edge by the mirror. Every
// channel by itself, alpha too. Throws UsageError for sides outside 1..65,536.
Image bicubic(const Image& image, int width, int height);

// The largest part from the top left whose sides are multiples of `multiple`: what is kept of a
// picture before it is shrunk by a whole factor. Throws UsageError when nothing would be left.
Image crop_to_multiple(const Image& image, int multiple);

}  // namespace ganymede::media
