# Makes the target ganymede::torch from the include and lib folders of one LibTorch.
#
# TorchConfig.cmake is not used: its find_library(c10) mixes in a distribution's libc10, which aborts
# at start, and its CUDA part asks for the whole CUDA toolkit.
# Also installed, for programs that use the installed package.

include(${CMAKE_CURRENT_LIST_DIR}/LibTorchSearch.cmake)

# A folder with links to the headers of LibTorch itself. The wheel's own include folder also holds
# foreign headers (fmt, google, ...), which would hide the distribution's.
function(ganymede_torch_headers out prefix)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/torch-headers")
  file(MAKE_DIRECTORY "${folder}")
  foreach(name ATen c10 torch caffe2)
    set(target "${prefix}/include/${name}")
    set(present "")
    if(IS_SYMLINK "${folder}/${name}")
      file(READ_SYMLINK "${folder}/${name}" present)
    endif()
    if(EXISTS "${target}" AND NOT present STREQUAL target)
      file(REMOVE "${folder}/${name}")
      file(CREATE_LINK "${target}" "${folder}/${name}" SYMBOLIC)
    endif()
  endforeach()
  set(${out} "${folder}" PARENT_SCOPE)
endfunction()

function(ganymede_import_torch prefix)
  add_library(ganymede::torch INTERFACE IMPORTED GLOBAL)
  ganymede_torch_headers(headers "${prefix}")
  target_include_directories(ganymede::torch SYSTEM INTERFACE
    "${headers}" "${headers}/torch/csrc/api/include")
  # The backends register themselves when loaded, so they stay although no symbol is asked for.
  target_link_options(ganymede::torch INTERFACE LINKER:--no-as-needed)
  # One OpenMP runtime in the process: the one that libtorch_cpu loads (the wheel brings its own).
  file(GLOB gomp "${prefix}/lib/libgomp*.so*")
  foreach(name torch torch_cpu c10 torch_cuda c10_cuda)
    list(APPEND files "${prefix}/lib/lib${name}.so")
  endforeach()
  foreach(file ${files} ${gomp})
    if(EXISTS "${file}")
      get_filename_component(name "${file}" NAME_WE)
      add_library(ganymede::${name} SHARED IMPORTED GLOBAL)
      set_target_properties(ganymede::${name} PROPERTIES IMPORTED_LOCATION "${file}")
      target_link_libraries(ganymede::torch INTERFACE ganymede::${name})
    endif()
  endforeach()
  if(NOT gomp)
    target_link_libraries(ganymede::torch INTERFACE gomp)
  endif()
  if(EXISTS "${prefix}/lib/libtorch_cuda.so")
    # CUDA libraries lie in packages of their own, which libtorch_cuda finds at run time.
    target_link_options(ganymede::torch INTERFACE LINKER:--allow-shlib-undefined)
  endif()
endfunction()

if(NOT TARGET ganymede::torch)
  ganymede_find_torch(GANYMEDE_TORCH_PREFIX)
  if(NOT GANYMEDE_TORCH_PREFIX)
    message(FATAL_ERROR "LibTorch ${GANYMEDE_TORCH_MINIMUM} or newer was not found.\n${GANYMEDE_TORCH_NOTE}"
      "Run ./bootstrap build, which installs one under .deps/, or name one: -DCMAKE_PREFIX_PATH=<folder of libtorch>.")
  endif()
  ganymede_torch_version_of(GANYMEDE_TORCH_VERSION "${GANYMEDE_TORCH_PREFIX}")
  ganymede_import_torch("${GANYMEDE_TORCH_PREFIX}")
  if(GANYMEDE_TORCH_NOTE)
    message(STATUS "LibTorch passed over:\n${GANYMEDE_TORCH_NOTE}")
  endif()
  message(STATUS "LibTorch ${GANYMEDE_TORCH_VERSION} at ${GANYMEDE_TORCH_PREFIX}")
endif()
