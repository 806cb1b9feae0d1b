// From what a person typed after --data to a path.
#pragma once

#include <filesystem>
#include <string>

namespace ganymede::data {

// `name` when it exists; else, for a plain name such as "fashion-mnist", the file or folder of that
// name, with '-' for '_' or the reverse, and perhaps .zip, .tar, .npz, .npy, .csv or .tsv, in the
// folders of the environment variable GANYMEDE_DATA (separated by ':') and in ./data. Throws
// DataError saying where it looked.
std::filesystem::path find_data(const std::string& name);

}  // namespace ganymede::data
