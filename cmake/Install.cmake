# cmake --install <build> --prefix <prefix>: the program, the library, its headers and a package for
# find_package(ganymede). LibTorch and the distribution's libraries are used where they are.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/ganymede)
get_property(layers GLOBAL PROPERTY GANYMEDE_LAYERS)
install(TARGETS ganymede ${layers} EXPORT ganymede ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT ganymede NAMESPACE ganymede:: DESTINATION ${package_folder} FILE ganymede-targets.cmake)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/ganymede DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
if(TARGET gan)
  install(TARGETS gan RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(cmake/ganymede-config.cmake.in
  ${PROJECT_BINARY_DIR}/ganymede-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ganymede-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ganymede-config.cmake
  ${PROJECT_BINARY_DIR}/ganymede-config-version.cmake
  cmake/Dependencies.cmake cmake/LibTorch.cmake cmake/LibTorchSearch.cmake cmake/Registry.cmake
  DESTINATION ${package_folder})
