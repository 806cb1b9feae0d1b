# One static library per layer folder, and the precompiled header that they share.

if(GANYMEDE_PCH)
  add_library(ganymede_pch STATIC ${PROJECT_SOURCE_DIR}/cmake/pch/pch.cpp)
  target_link_libraries(ganymede_pch PRIVATE ganymede_flags ganymede::torch fmt::fmt)
  target_precompile_headers(ganymede_pch PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch/pch.h)
endif()

# Lets a target use the precompiled tensor headers.
function(ganymede_use_pch target)
  if(GANYMEDE_PCH)
    target_precompile_headers(${target} REUSE_FROM ganymede_pch)
  endif()
endfunction()

# Sets <variable> to the sources whose own text, and whose header's, names no tensor header.
function(ganymede_torch_free_sources variable)
  set(free)
  foreach(source ${ARGN})
    string(REGEX REPLACE "\\.cpp$" ".h" header "${source}")
    file(STRINGS "${source}" found REGEX "#include [<\"](ATen|c10|torch|ganymede/(ops|nn))/" LIMIT_COUNT 1)
    if(NOT found AND EXISTS "${header}")
      file(STRINGS "${header}" found REGEX "#include [<\"](ATen|c10|torch)/" LIMIT_COUNT 1)
    endif()
    if(NOT found)
      list(APPEND free "${source}")
    endif()
  endforeach()
  set(${variable} ${free} PARENT_SCOPE)
endfunction()

# ganymede_bundled(<variable> <name> <source>...)
# Sets <variable> to the units to compile: several sources in one (tools/source_bundles.py),
# and sources with options of their own as they are.
function(ganymede_bundled variable name)
  set(alone)
  set(together)
  foreach(source ${ARGN})
    get_source_file_property(options "${source}" COMPILE_OPTIONS)
    get_source_file_property(definitions "${source}" COMPILE_DEFINITIONS)
    if(options OR definitions)
      list(APPEND alone "${source}")
    else()
      list(APPEND together "${source}")
    endif()
  endforeach()
  if(GANYMEDE_BUNDLES AND together)
    execute_process(COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tools/source_bundles.py
      --out ${PROJECT_BINARY_DIR}/bundles --name ${name} ${together}
      OUTPUT_VARIABLE together COMMAND_ERROR_IS_FATAL ANY)
  endif()
  set(${variable} ${together} ${alone} PARENT_SCOPE)
endfunction()

# ganymede_layer(<name> [TORCH_FREE] [SOURCES <generated>...] [LAYERS <layer>...]
#                [PUBLIC <target>...] [PRIVATE <target>...])
# Makes ganymede_<name>, alias ganymede::<name>, from every *.cpp below ganymede/<name>.
function(ganymede_layer name)
  cmake_parse_arguments(arg "TORCH_FREE" "" "SOURCES;LAYERS;PUBLIC;PRIVATE" ${ARGN})
  set(folder ${PROJECT_SOURCE_DIR}/ganymede/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  set(target ganymede_${name})
  list(TRANSFORM arg_LAYERS PREPEND ganymede_)
  set_property(GLOBAL APPEND PROPERTY GANYMEDE_LAYERS ${target})
  if(NOT sources AND NOT arg_SOURCES)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_LAYERS} ${arg_PUBLIC})
    target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  else()
    if(name MATCHES "^(core|media)$")
      ganymede_torch_free_sources(plain ${sources})
      list(REMOVE_ITEM sources ${plain} "")
      ganymede_bundled(plain ${name}-plain ${plain})
      set_source_files_properties(${plain} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
    # One gan is one file: its author waits for nothing else.
    if(NOT name STREQUAL "gans")
      ganymede_bundled(sources ${name} ${sources})
    endif()
    add_library(${target} STATIC ${sources} ${plain} ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:ganymede_flags> ${arg_PRIVATE}
      PUBLIC ${arg_LAYERS} ${arg_PUBLIC})
    target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_compile_features(${target} PUBLIC cxx_std_20)
    if(NOT arg_TORCH_FREE)
      ganymede_use_pch(${target})
    endif()
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  add_library(ganymede::${name} ALIAS ${target})
endfunction()
