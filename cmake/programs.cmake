# programs.cmake - build/mogi and build/mogi-sim, each as soon as it has a main.

file(GLOB mogi_main CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/cli/main.c")
if(mogi_main)
  add_executable(mogi ${mogi_main})
  target_link_libraries(mogi PRIVATE mogi-cli)
  # The program is optimised as a whole, from the sources of all rooms; tests
  # link the rooms as they are.
  if(MOGI_LTO)
    foreach(room IN LISTS MOGI_ROOMS)
      get_target_property(type mogi-${room} TYPE)
      if(type STREQUAL "STATIC_LIBRARY")
        get_target_property(sources mogi-${room} SOURCES)
        target_sources(mogi PRIVATE ${sources})
      endif()
    endforeach()
    target_compile_options(mogi PRIVATE -flto)
    target_link_options(mogi PRIVATE -O2 -flto=auto)
  endif()
  install(TARGETS mogi RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(MOGI_MIMALLOC AND NOT MOGI_SANITIZE)
    find_library(MIMALLOC_LIBRARY mimalloc)
    if(MIMALLOC_LIBRARY)
      # Kept although nothing names it: it replaces malloc when loaded.
      target_link_options(mogi PRIVATE -Wl,--no-as-needed)
      target_link_libraries(mogi PRIVATE ${MIMALLOC_LIBRARY})
    else()
      message(STATUS "mimalloc not found: the C library's malloc is used")
    endif()
  endif()
endif()

# The simulator's own sources, as a library that unit tests link too.
mogi_sources(sim_sources "sim")
if(sim_sources)
  add_library(mogi-sim-lib STATIC ${sim_sources})
  target_link_libraries(mogi-sim-lib
    PUBLIC mogi-core mogi-store mogi-tiny mogi-wire mogi-base)
  target_include_directories(mogi-sim-lib PUBLIC "${PROJECT_SOURCE_DIR}")
else()
  add_library(mogi-sim-lib INTERFACE)
endif()
file(GLOB sim_main CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/sim/main.c")
if(sim_main)
  add_executable(mogi-sim ${sim_main})
  target_link_libraries(mogi-sim PRIVATE mogi-sim-lib mogi-core mogi-base)
endif()

# libmogi: the tiny engine and the client library, for other programs. Only
# what begins with mogi_ is visible in it.
option(MOGI_CLIENT_TLS "libmogi speaks TLS, and needs OpenSSL" ON)
mogi_sources(tiny_sources "src/tiny")
mogi_sources(client_sources "src/client")
if(MOGI_CLIENT_TLS)
  set(client_room mogi-tls)
  set(MOGI_LIBRARY_NEEDS "openssl")
else()
  set(client_room "")
  set(MOGI_LIBRARY_NEEDS "")
  list(FILTER client_sources EXCLUDE REGEX "_openssl\\.c$")
  list(APPEND client_sources "${PROJECT_SOURCE_DIR}/src/client/secure_none.c")
endif()
if(tiny_sources AND CMAKE_SYSTEM_NAME STREQUAL "Linux"
   AND NOT MOGI_SANITIZE AND NOT MOGI_FUZZ)
  add_library(mogi-shared SHARED ${tiny_sources} ${client_sources})
  target_include_directories(mogi-shared PRIVATE
    "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include")
  target_compile_definitions(mogi-shared PRIVATE
    MOGI_VERSION="${PROJECT_VERSION}")
  target_link_libraries(mogi-shared PRIVATE ${client_room} mogi-wire mogi-base)
  set(exports "${PROJECT_SOURCE_DIR}/cmake/exports.map")
  set_target_properties(mogi-shared PROPERTIES OUTPUT_NAME mogi
    C_VISIBILITY_PRESET default)
  set_property(TARGET mogi-shared APPEND PROPERTY LINK_DEPENDS "${exports}")
  target_link_options(mogi-shared PRIVATE
    "-Wl,--version-script=${exports}" -Wl,--no-undefined)
endif()

# What the core and the store cost by themselves (make bench-core, bench-durable).
add_executable(mogi-core-bench
  bench/core/main.c bench/core/lane.c bench/core/push.c)
target_include_directories(mogi-core-bench PRIVATE
  "${PROJECT_SOURCE_DIR}/bench/core")
target_link_libraries(mogi-core-bench PRIVATE mogi-broker mogi-core)
# It takes and frees memory as the program does.
if(MIMALLOC_LIBRARY AND MOGI_MIMALLOC AND NOT MOGI_SANITIZE)
  target_link_options(mogi-core-bench PRIVATE -Wl,--no-as-needed)
  target_link_libraries(mogi-core-bench PRIVATE ${MIMALLOC_LIBRARY})
endif()
add_executable(mogi-store-bench bench/store/main.c)
target_link_libraries(mogi-store-bench PRIVATE mogi-store mogi-core)
