# tests.cmake - every test finds itself: a file in the right folder is enough.

set(test_root "${PROJECT_SOURCE_DIR}/test")
if(MOGI_SANITIZE OR MOGI_COVERAGE)
  set(MOGI_TIME_FACTOR 6)
else()
  set(MOGI_TIME_FACTOR 1)
endif()

# mogi_timeout(NAME SECONDS): stretched in builds with a sanitizer.
function(mogi_timeout name seconds)
  math(EXPR seconds "${seconds} * ${MOGI_TIME_FACTOR}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds})
endfunction()

# unit/<path>: test/unit/<path>_test.c, one program each. Those of base, wire
# and tiny are linked with their own room and what is below it, so that they run
# while a room above does not compile.
set(room_libraries mogi-sim-lib)
foreach(room IN LISTS MOGI_ROOMS)
  list(PREPEND room_libraries mogi-${room})
endforeach()
file(GLOB_RECURSE unit_tests CONFIGURE_DEPENDS RELATIVE "${test_root}/unit"
     "${test_root}/unit/*_test.c")
foreach(file IN LISTS unit_tests)
  string(REGEX REPLACE "_test\\.c$" "" path "${file}")
  string(REPLACE "/" "-" target "unit-${path}")
  add_executable(${target} "${test_root}/unit/${file}")
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/test/unit")
  target_compile_definitions(${target} PRIVATE
    MOGI_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(path MATCHES "^(base|wire|tiny)/")
    target_link_libraries(${target} PRIVATE mogi-${CMAKE_MATCH_1})
  else()
    target_link_libraries(${target} PRIVATE ${room_libraries})
  endif()
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/unit")
  add_test(NAME unit/${path} COMMAND ${target})
  set_tests_properties(unit/${path} PROPERTIES LABELS unit)
  mogi_timeout(unit/${path} 120)
endforeach()

# play/<path>/<shards>: each play on one shard and on three.
if(TARGET mogi-sim)
  file(GLOB_RECURSE plays CONFIGURE_DEPENDS RELATIVE "${test_root}/play"
       "${test_root}/play/*.play")
  foreach(file IN LISTS plays)
    string(REGEX REPLACE "\\.play$" "" path "${file}")
    foreach(shards 1 3)
      set(name play/${path}/${shards})
      add_test(NAME ${name}
        COMMAND mogi-sim --play "${test_root}/play/${file}" --shards ${shards})
      set_tests_properties(${name} PROPERTIES LABELS play)
      mogi_timeout(${name} 60)
    endforeach()
  endforeach()
endif()

# sim/<seed>: a random life of the broker each.
set(MOGI_SEEDS 8 CACHE STRING "how many random lives the tests live")
if(TARGET mogi-sim AND EXISTS "${PROJECT_SOURCE_DIR}/sim/random.c")
  foreach(seed RANGE 1 ${MOGI_SEEDS})
    add_test(NAME sim/${seed} COMMAND mogi-sim ${seed})
    set_tests_properties(sim/${seed} PROPERTIES LABELS sim)
    mogi_timeout(sim/${seed} 120)
  endforeach()
endif()

# live/<name>, example/<name>: Python programs that drive the real binary. A
# line "# tsan: skip" keeps one out of the run under ThreadSanitizer.
if(TARGET mogi)
  file(GLOB live_tests CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
       "${test_root}/live/*_test.py"
       "${PROJECT_SOURCE_DIR}/examples/*/*_test.py")
  foreach(file IN LISTS live_tests)
    if(file MATCHES "^test/live/(.*)_test\\.py$")
      set(name live/${CMAKE_MATCH_1})
    elseif(file MATCHES "^examples/(.*)\\.py$")
      set(name example/${CMAKE_MATCH_1})
    endif()
    set(labels live)
    file(STRINGS "${PROJECT_SOURCE_DIR}/${file}" skips REGEX "^# tsan: skip")
    if(NOT skips)
      list(APPEND labels tsan)
    endif()
    add_test(NAME ${name} COMMAND ${MOGI_PYTHON} "${PROJECT_SOURCE_DIR}/${file}")
    set_tests_properties(${name} PROPERTIES LABELS "${labels}"
      ENVIRONMENT "MOGI=$<TARGET_FILE:mogi>;MOGI_SOURCE_DIR=${PROJECT_SOURCE_DIR};MOGI_TIME_FACTOR=${MOGI_TIME_FACTOR}")
    mogi_timeout(${name} 300)
  endforeach()
endif()

# tidy: what STYLE.md says and a machine can see, and the proof that it sees.
if(EXISTS "${PROJECT_SOURCE_DIR}/tools/tidy")
  add_test(NAME tidy COMMAND ${MOGI_PYTHON} "${PROJECT_SOURCE_DIR}/tools/tidy"
    --build "${CMAKE_BINARY_DIR}" "${PROJECT_SOURCE_DIR}")
  add_test(NAME tidy/self COMMAND ${MOGI_PYTHON}
    "${PROJECT_SOURCE_DIR}/tools/tidy_test.py")
  set_tests_properties(tidy tidy/self PROPERTIES LABELS tidy TIMEOUT 120)
endif()

# fuzz-<name>: test/fuzz/<name>_fuzz.c, under libFuzzer in the preset "fuzz";
# else a program that plays what is kept, and test fuzz/<name>.
file(GLOB fuzz_targets CONFIGURE_DEPENDS "${test_root}/fuzz/*_fuzz.c")
foreach(file IN LISTS fuzz_targets)
  get_filename_component(name "${file}" NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name "${name}")
  set(corpus "${test_root}/fuzz/corpus/${name}.hex")
  add_executable(fuzz-${name} "${file}")
  target_include_directories(fuzz-${name} PRIVATE
    "${PROJECT_SOURCE_DIR}/test/unit")
  target_link_libraries(fuzz-${name} PRIVATE ${room_libraries})
  if(MOGI_FUZZ)
    target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
    continue()
  endif()
  target_sources(fuzz-${name} PRIVATE "${test_root}/fuzz/replay.c")
  set_target_properties(fuzz-${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/unit")
  if(EXISTS "${corpus}")
    add_test(NAME fuzz/${name} COMMAND fuzz-${name} "${corpus}")
    set_tests_properties(fuzz/${name} PROPERTIES LABELS unit)
    mogi_timeout(fuzz/${name} 120)
  endif()
endforeach()
