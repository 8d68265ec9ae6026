# flags.cmake - how everything is compiled. Asserts stay on in every build
# type, so NDEBUG is defined nowhere.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

# Files of more than 2 GiB, on machines of 32 bits too.
add_compile_definitions(_GNU_SOURCE _FILE_OFFSET_BITS=64)
add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wold-style-definition -Wvla -Wpointer-arith -Wcast-qual -Wwrite-strings
  -Wundef -Wformat=2 -Wimplicit-fallthrough -fno-common -fno-strict-aliasing)
# gcc for x86 copies and clears structures with string instructions, which take
# some 30 cycles to begin; unrolled, a whole structure takes fewer.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU"
   AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  foreach(what memcpy memset)
    add_compile_options(
      -m${what}-strategy=unrolled_loop:256:noalign,libcall:-1:noalign)
  endforeach()
endif()
if(MOGI_WERROR)
  add_compile_options(-Werror)
endif()
# A sanitizer's own code hides from gcc that a value is in range.
if(MOGI_SANITIZE)
  set(MOGI_CONVERSION_FLAGS "")
else()
  set(MOGI_CONVERSION_FLAGS -Wconversion -Wno-sign-conversion)
endif()

if(MOGI_SANITIZE)
  add_compile_options(-fsanitize=${MOGI_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MOGI_SANITIZE})
else()
  # Fortified string functions need an optimising build.
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
  add_compile_options(-fstack-protector-strong)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    add_link_options(-Wl,-z,relro,-z,now)
  endif()
endif()
if(MOGI_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
# Link-time optimisation, for the program alone: see programs.cmake.
set(MOGI_LTO OFF)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT MOGI_SANITIZE
   AND NOT MOGI_COVERAGE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(MOGI_LTO ON)
endif()
if(MOGI_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "MOGI_FUZZ needs clang: it carries libFuzzer")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
