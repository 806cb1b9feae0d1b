#include "ganymede/media/mesh.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <map>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"

namespace ganymede::media {
namespace {

constexpr size_t kMostVertices = size_t{1} << 31;

// How often each directed edge is run along.
std::vector<std::pair<uint64_t, int>> directed_edges(const Mesh& mesh) {
  std::vector<uint64_t> keys;
  keys.reserve(mesh.triangles.size() * 3);
  for (const auto& t : mesh.triangles) {
    for (size_t k = 0; k < 3; ++k) keys.push_back(uint64_t{t[k]} << 32 | t[(k + 1) % 3]);
  }
  std::ranges::sort(keys);
  std::vector<std::pair<uint64_t, int>> edges;
  for (const uint64_t key : keys) {
    if (edges.empty() || edges.back().first != key) edges.emplace_back(key, 0);
    ++edges.back().second;
  }
  return edges;
}

uint64_t reversed(uint64_t edge) { return edge << 32 | edge >> 32; }

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

int64_t euler_characteristic(const Mesh& mesh) {
  std::vector<uint64_t> undirected;
  for (const auto& [edge, count] : directed_edges(mesh)) {
    undirected.push_back(std::min(edge, reversed(edge)));
  }
  std::ranges::sort(undirected);
  undirected.erase(std::ranges::unique(undirected).begin(), undirected.end());
  return static_cast<int64_t>(mesh.vertices.size()) - static_cast<int64_t>(undirected.size()) +
         static_cast<int64_t>(mesh.triangles.size());
}

bool is_closed(const Mesh& mesh) {
  const auto edges = directed_edges(mesh);
  return std::ranges::all_of(edges, [&](const auto& edge) {
    return edge.second == 1 &&
           std::ranges::binary_search(edges, std::pair(reversed(edge.first), 1));
  });
}

double volume(const Mesh& mesh) {
  double sum = 0;
  for (const auto& t : mesh.triangles) {
    const auto &a = mesh.vertices[t[0]], &b = mesh.vertices[t[1]], &c = mesh.vertices[t[2]];
    for (size_t d = 0; d < 3; ++d) {
      const size_t e = (d + 1) % 3, f = (d + 2) % 3;
      sum += double{a[d]} * (double{b[e]} * c[f] - double{b[f]} * c[e]);
    }
  }
  return sum / 6;
}

void append(Mesh& mesh, const Mesh& other, const std::array<float, 3>& offset) {
  if (mesh.vertices.size() + other.vertices.size() > kMostVertices) {
    throw UsageError({.where = "mesh",
                      .found = "more than 2^31 vertices",
                      .remedy = "fewer samples, or one file for each"});
  }
  const auto first = static_cast<uint32_t>(mesh.vertices.size());
  for (const auto& v : other.vertices) {
    mesh.vertices.push_back({v[0] + offset[0], v[1] + offset[1], v[2] + offset[2]});
  }
  for (const auto& t : other.triangles) {
    mesh.triangles.push_back({t[0] + first, t[1] + first, t[2] + first});
  }
}

std::string encode_obj(const Mesh& mesh) {
  std::string out;
  out.reserve(mesh.vertices.size() * 28 + mesh.triangles.size() * 20);
  for (const auto& v : mesh.vertices) {
    fmt::format_to(std::back_inserter(out), "v {} {} {}\n", v[0], v[1], v[2]);
  }
  for (const auto& t : mesh.triangles) {
    fmt::format_to(std::back_inserter(out), "f {} {} {}\n", uint64_t{t[0]} + 1, uint64_t{t[1]} + 1,
                   uint64_t{t[2]} + 1);
  }
  return out;
}

std::string encode_ply(const Mesh& mesh, PlyForm form) {
  const bool binary = form == PlyForm::kBinary;
  std::string out = fmt::format(
      "ply\nformat {} 1.0\nelement vertex {}\nproperty float x\nproperty float y\n"
      "property float z\nelement face {}\nproperty list uchar int vertex_indices\nend_header\n",
      binary ? "binary_little_endian" : "ascii", mesh.vertices.size(), mesh.triangles.size());
  for (const auto& v : mesh.vertices) {
    if (binary) {
      for (const float x : v) put(out, x);
    } else {
      fmt::format_to(std::back_inserter(out), "{} {} {}\n", v[0], v[1], v[2]);
    }
  }
  for (const auto& t : mesh.triangles) {
    if (binary) {
      put(out, uint8_t{3});
      for (const uint32_t i : t) put(out, i);
    } else {
      fmt::format_to(std::back_inserter(out), "3 {} {} {}\n", t[0], t[1], t[2]);
    }
  }
  return out;
}

void write_mesh(const std::filesystem::path& path, const Mesh& mesh) {
  const std::string extension = path.extension().string();
  if (extension != ".obj" && extension != ".ply") {
    throw UsageError({.where = path.string(),
                      .found = extension.empty() ? "no extension" : "the extension " + extension,
                      .allowed = ".obj or .ply"});
  }
  write_file_atomic(path, extension == ".obj" ? encode_obj(mesh) : encode_ply(mesh));
}

}  // namespace ganymede::media
