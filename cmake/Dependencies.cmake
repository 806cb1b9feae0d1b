# Libraries of the distribution; ganymede_missing names the Debian packages of those not found.
# Also installed, for programs that use the installed package.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

set(ganymede_missing)

# Finds a CMake package or notes the Debian package that holds it.
macro(ganymede_package name debian)
  find_package(${name} QUIET ${ARGN})
  if(NOT ${name}_FOUND)
    list(APPEND ganymede_missing ${debian})
  endif()
endmacro()

# The same for a library that ships only a pkg-config file: target PkgConfig::<prefix>.
macro(ganymede_pkg_config prefix module debian)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module})
  if(NOT ${prefix}_FOUND)
    list(APPEND ganymede_missing ${debian})
  endif()
endmacro()

ganymede_package(fmt libfmt-dev)
ganymede_package(spdlog libspdlog-dev)
ganymede_package(nlohmann_json nlohmann-json3-dev)
ganymede_package(OpenSSL libssl-dev COMPONENTS Crypto)
ganymede_package(ZLIB zlib1g-dev)
ganymede_package(PNG libpng-dev)
ganymede_package(GIF libgif-dev)
ganymede_pkg_config(HWY libhwy libhwy-dev)
ganymede_pkg_config(TOMLPLUSPLUS tomlplusplus libtomlplusplus-dev)
ganymede_pkg_config(XXHASH libxxhash libxxhash-dev)
ganymede_pkg_config(WEBP libwebp libwebp-dev)
ganymede_pkg_config(WEBPMUX libwebpmux libwebp-dev)
ganymede_pkg_config(WEBPDEMUX libwebpdemux libwebp-dev)
ganymede_package(JPEG libjpeg-dev)
ganymede_pkg_config(HTTPLIB cpp-httplib libcpp-httplib-dev)
if(GANYMEDE_CLI)
  ganymede_package(CLI11 libcli11-dev)
endif()
if(GANYMEDE_TESTS)
  ganymede_package(GTest libgtest-dev)
endif()

list(REMOVE_DUPLICATES ganymede_missing)
list(JOIN ganymede_missing " " ganymede_missing)
