# recipes/<gan>/<dataset>.toml become a table inside the library, so that one file is the whole program.

# ganymede_embedded_recipes(<out> <folder>): a source that defines config::embedded_recipes().
function(ganymede_embedded_recipes out folder)
  file(GLOB_RECURSE recipes CONFIGURE_DEPENDS ${folder}/*.toml)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded_recipes.cpp")
  add_custom_command(OUTPUT "${source}"
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${source} "-DRECIPES=${recipes}"
            -P ${PROJECT_SOURCE_DIR}/cmake/EmbedRecipes.cmake
    DEPENDS ${recipes} ${PROJECT_SOURCE_DIR}/cmake/EmbedRecipes.cmake
    COMMENT "Embedding recipes" VERBATIM)
  set(${out} "${source}" PARENT_SCOPE)
endfunction()
