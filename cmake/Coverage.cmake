# In the coverage preset: `ninja coverage` runs the fast tests and writes build/coverage/report.
if(GANYMEDE_COVERAGE)
  add_custom_target(coverage
    COMMAND ${CMAKE_CTEST_COMMAND} --label-regex fast --output-on-failure
    COMMAND ${CMAKE_COMMAND} -E make_directory report
    COMMAND gcovr --root ${PROJECT_SOURCE_DIR} --filter ${PROJECT_SOURCE_DIR}/ganymede/
            --filter ${PROJECT_SOURCE_DIR}/cli/ --exclude-throw-branches --txt report/summary.txt
            --html-details report/index.html --print-summary
    WORKING_DIRECTORY ${PROJECT_BINARY_DIR} USES_TERMINAL VERBATIM)
endif()
