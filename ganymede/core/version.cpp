#include "ganymede/core/version.h"

#ifndef GANYMEDE_VERSION_COMMIT
#define GANYMEDE_VERSION_COMMIT "unknown"
#endif

namespace ganymede {

const char* version_commit() { return GANYMEDE_VERSION_COMMIT; }

}  // namespace ganymede
