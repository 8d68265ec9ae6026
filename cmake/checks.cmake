# checks.cmake - tests of what is around the program: its pages, its install.

# conformance: docs/conformance.md is what tools/conformance writes.
add_test(NAME conformance COMMAND ${MOGI_PYTHON}
  "${PROJECT_SOURCE_DIR}/tools/conformance" --check "${PROJECT_SOURCE_DIR}")
set_tests_properties(conformance PROPERTIES LABELS tidy TIMEOUT 120)

# options: the pages that list the keys are what tools/options writes.
if(TARGET mogi)
  add_test(NAME options COMMAND ${MOGI_PYTHON}
    "${PROJECT_SOURCE_DIR}/tools/options" --check $<TARGET_FILE:mogi>
    "${PROJECT_SOURCE_DIR}")
  set_tests_properties(options PROPERTIES LABELS tidy TIMEOUT 120)
endif()

# install: what `make install` puts below DESTDIR and prefix works there.
if(TARGET mogi)
  add_test(NAME install COMMAND ${MOGI_PYTHON} "${test_root}/install_test.py"
    "${CMAKE_BINARY_DIR}")
  set_tests_properties(install PROPERTIES LABELS live)
  mogi_timeout(install 120)
endif()
