# rooms.cmake - a static library for each folder of src/, linked downwards
# only. A room without sources yet is an empty interface, so that the tree
# always configures.

find_package(Threads REQUIRED)
find_package(PkgConfig)
set(MOGI_ROOMS "")

# The sources of src/<folder>: platforms differ by file name, and main.c
# belongs to a program.
function(mogi_sources out folder)
  file(GLOB found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.c")
  list(FILTER found EXCLUDE REGEX "/main\\.c$")
  if(WIN32)
    list(FILTER found EXCLUDE REGEX "_posix\\.c$")
  else()
    list(FILTER found EXCLUDE REGEX "_windows\\.c$")
  endif()
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    list(FILTER found EXCLUDE REGEX "_linux\\.c$")
  endif()
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

# mogi_room(wire base): src/wire, which may use base.
function(mogi_room name)
  mogi_sources(sources "src/${name}")
  if(sources)
    add_library(mogi-${name} STATIC ${sources})
    set(scope PUBLIC)
    if(name MATCHES "^(base|wire|core|tiny)$")
      target_compile_options(mogi-${name} PRIVATE ${MOGI_CONVERSION_FLAGS})
    endif()
  else()
    add_library(mogi-${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(mogi-${name} ${scope}
    "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include")
  target_compile_definitions(mogi-${name} ${scope}
    MOGI_VERSION="${PROJECT_VERSION}")
  foreach(lower IN LISTS ARGN)
    target_link_libraries(mogi-${name} ${scope} mogi-${lower})
  endforeach()
  set(MOGI_ROOMS ${MOGI_ROOMS} ${name} PARENT_SCOPE)
endfunction()

# mogi_room_uses(net libuv): a package found through pkg-config, needed as soon
# as the room has a source.
function(mogi_room_uses name package)
  get_target_property(type mogi-${name} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    return()
  endif()
  if(NOT PkgConfig_FOUND)
    message(FATAL_ERROR "pkg-config is missing: run tools/setup")
  endif()
  if(NOT TARGET PkgConfig::${package})
    pkg_check_modules(${package} REQUIRED IMPORTED_TARGET GLOBAL ${package})
  endif()
  target_link_libraries(mogi-${name} PUBLIC PkgConfig::${package})
endfunction()

mogi_room(base)
mogi_room(wire base)
mogi_room(core wire base)
mogi_room(tiny wire base)
mogi_room(store base)
mogi_room(net base)
mogi_room(auth core base)
mogi_room(admin net core base)
mogi_room(cluster core wire base)
mogi_room(bridge tiny core wire base)
mogi_room(client tiny wire base)
mogi_room(broker bridge cluster admin auth net store core wire base)
mogi_room(bench wire base)
mogi_room(cli bench broker client store core wire base)

foreach(room net broker)
  mogi_room_uses(${room} libuv)
endforeach()
mogi_room_uses(store lmdb)
target_link_libraries(mogi-base INTERFACE Threads::Threads)
