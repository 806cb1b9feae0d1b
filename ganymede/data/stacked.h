// Stacked digits: three digits as red, green and blue of one picture, so that ten classes become a
// thousand modes. Metz et al. 2017, arXiv 1611.02163, sec. 3.3; Srivastava et al. 2017 (VEEGAN).
#pragma once

#include <string>
#include <string_view>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

inline constexpr std::string_view kStackedDigits = "stacked-digits";
inline constexpr std::string_view kStackedPrefix = "stacked:";

// True for "stacked-digits" (the procedural digits) and "stacked:<data set>" (MNIST files and their
// like).
bool is_stacked(std::string_view name);

// What is stacked: "digits" for "stacked-digits", else what follows the colon.
std::string stacked_source(std::string_view name);

// RGB pictures from the grey ones of `digits`, as many in each split as that has. The three parts
// of picture i are drawn independently, uniformly and with replacement from the same split, keyed
// by its name and i: the same everywhere and in every run. With c classes the label is
// c^2 r + c g + b (100 r + 10 g + b), the class name the three names in a row; unlabelled when
// `digits` is. `split` is that of the request. Throws DataError for pictures of several sizes, in
// colour, or of more than 40 classes (labels reach 65,535).
PictureSet stack(const PictureSet& digits, const std::string& split);

}  // namespace ganymede::data
