# Compiler, linker and cache settings that every target of this tree shares.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} is too old: 12 or newer is needed for C++20.\n"
    "Install g++-12 (apt-get install g++-12) and configure with -DCMAKE_CXX_COMPILER=g++-12.")
endif()

# The reference compiler is kept free of warnings; others may know warnings that we have not met.
set(reference_compiler OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
  set(reference_compiler ON)
endif()
option(GANYMEDE_WERROR "Warnings are errors (default: with the reference compiler, g++ 12)"
       ${reference_compiler})

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "" FORCE)

# Every target that is built here links this: the same flags everywhere, so that one precompiled
# header fits all. -fPIC by hand, because CMake gives programs -fPIE, which would not fit.
add_library(ganymede_flags INTERFACE)
target_compile_features(ganymede_flags INTERFACE cxx_std_20)
target_compile_options(ganymede_flags INTERFACE
  -fPIC -fno-semantic-interposition -Wall -Wextra -Winvalid-pch $<$<BOOL:${GANYMEDE_WERROR}>:-Werror>)
# In a bundle g++ takes a source for a header, in which such a field would be a fault.
if(GANYMEDE_BUNDLES AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ganymede_flags INTERFACE -Wno-subobject-linkage)
endif()
# OpenMP pragmas (at::parallel_for is serial without them); the runtime comes with LibTorch.
target_compile_options(ganymede_flags INTERFACE -fopenmp)
target_include_directories(ganymede_flags INTERFACE ${PROJECT_SOURCE_DIR})

if(GANYMEDE_SANITIZE)
  target_compile_options(ganymede_flags INTERFACE
    -fsanitize=${GANYMEDE_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ganymede_flags INTERFACE -fsanitize=${GANYMEDE_SANITIZE})
endif()
if(GANYMEDE_COVERAGE)
  target_compile_options(ganymede_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(ganymede_flags INTERFACE --coverage)
endif()

find_program(MOLD mold)
if(MOLD AND NOT GANYMEDE_SANITIZE)
  target_link_options(ganymede_flags INTERFACE -fuse-ld=mold)
endif()

find_program(CCACHE ccache)
if(CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache refuses every unit that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(ganymede_flags INTERFACE -fpch-preprocess)
  endif()
endif()
