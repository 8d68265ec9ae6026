# checks.cmake - tests of what is around the program: its pages, its install.

# conformance: docs/conformance.md is what tools/conformance writes.
add_test(NAME conformance COMMAND ${MOGI_PYTHON}
  "${PROJECT_SOURCE_DIR}/tools/conformance" --check "${PROJECT_SOURCE_DIR}")
set_tests_properties(conformance PROPERTIES LABELS tidy TIMEOUT 120)
