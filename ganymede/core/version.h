// What this build is.
#pragma once

namespace ganymede {

inline constexpr const char* kVersion = "0.1.0";

// Git commit the library was built from (GANYMEDE_VERSION_COMMIT), or "unknown".
const char* version_commit();

}  // namespace ganymede
