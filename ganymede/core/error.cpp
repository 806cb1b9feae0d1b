#include "ganymede/core/error.h"

namespace ganymede {
namespace {

std::string render(const ErrorParts& parts) {
  std::string text = "[" + parts.where + "] " + parts.found;
  if (!parts.allowed.empty()) text += "; allowed: " + parts.allowed;
  if (!parts.remedy.empty()) text += "; try: " + parts.remedy;
  return text;
}

}  // namespace

Error::Error(ErrorParts parts, int exit_code)
    : std::runtime_error(render(parts)), parts_(std::move(parts)), exit_code_(exit_code) {}

}  // namespace ganymede
