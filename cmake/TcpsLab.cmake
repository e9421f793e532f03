# What every target of the project has in common.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(TCPSLAB_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
set(TCPSLAB_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(tl-expected REQUIRED)
find_package(Boost REQUIRED)
find_package(fmt REQUIRED)
if(BUILD_TESTING)
  find_package(Boost REQUIRED COMPONENTS unit_test_framework)
  find_path(RAPIDCHECK_INCLUDE_DIR rapidcheck.h REQUIRED)
  find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
endif()

# Language, warnings, sanitizers and the include root, for one of our targets.
function(tcpslab_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE ${TCPSLAB_WARNINGS})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  if(TCPSLAB_SANITIZE)
    # Instrumented code misleads GCC 12's flow analysis (it takes initialised variables of <regex> for uninitialised ones):
    # here warnings are shown; the other builds fail by them.
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-error)
    target_compile_options(${target} PUBLIC -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
endfunction()

# tcpslab_library(name SOURCES file… LINK target…): a static library of ours.
function(tcpslab_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  tcpslab_target(${name})
endfunction()

# Code of the tests is optimised less than what it tests, which saves half of the compiler's time. The sanitizers check
# it all the same.
function(tcpslab_test_code target)
  if(TCPSLAB_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  endif()
  # Boost.Test's names of data test cases trip GCC 12 (bug 105651).
  target_compile_options(${target} PRIVATE -Wno-restrict)
endfunction()

# As tcpslab_library, for what several tests share.
function(tcpslab_test_library name)
  tcpslab_library(${name} ${ARGN})
  tcpslab_test_code(${name})
endfunction()

# What makes a test executable, and has to be the same for all that take precompiled headers from one another.
function(tcpslab_test_program target)
  tcpslab_test_code(${target})
  # At -O1 GCC 12 takes vectors that grow for overflows.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1> -Wno-stringop-overflow)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
endfunction()

# main() of every test, and Boost.Test's headers, which are parsed once for all of them.
if(BUILD_TESTING)
  tcpslab_library(tcpslab_test_main SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_main.cc LINK Boost::unit_test_framework)
  tcpslab_test_program(tcpslab_test_main)
  target_compile_definitions(tcpslab_test_main PUBLIC BOOST_TEST_DYN_LINK)
  target_precompile_headers(tcpslab_test_main PRIVATE <boost/test/unit_test.hpp> <boost/test/data/test_case.hpp>)
endif()

# tcpslab_test(name SOURCES file… LINK target… [TIMEOUT seconds]): a Boost.Test executable, run by ctest. Test data is
# found through the macro TCPSLAB_SOURCE_DIR.
function(tcpslab_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} tcpslab_test_main ${RAPIDCHECK_LIBRARY})
  target_include_directories(${name} SYSTEM PRIVATE ${RAPIDCHECK_INCLUDE_DIR})
  target_compile_definitions(${name} PRIVATE TCPSLAB_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  tcpslab_target(${name})
  tcpslab_test_program(${name})
  target_precompile_headers(${name} REUSE_FROM tcpslab_test_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()

# tcpslab_bench(name SOURCES file… LINK target…): a Google Benchmark executable; `lab bench` finds it by its name, which
# starts with tcpslab-bench-.
function(tcpslab_bench name)
  if(TCPSLAB_SANITIZE)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  find_package(benchmark REQUIRED)
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} benchmark::benchmark)
  tcpslab_target(${name})
endfunction()
