# The ns-3 module inside an ns-3 tree (3.36 and later): this directory is contrib/tcps there. See model/README.md.
#
# ns-3 picks the language of its own sources, C++17 and later by version, and must not meet ours: reference/ becomes
# static libraries of their own, and each of the module's sources asks for C++20 by itself.
set(tcpslab_root ${CMAKE_CURRENT_SOURCE_DIR})
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(tl-expected REQUIRED)
find_package(Boost REQUIRED)
find_package(fmt REQUIRED)

# What reference/*/CMakeLists.txt call; tests and benchmarks belong to the standalone build.
set(BUILD_TESTING OFF)
function(tcpslab_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  target_include_directories(${name} PRIVATE ${tcpslab_root})
  set_target_properties(${name} PROPERTIES CXX_STANDARD 20 POSITION_INDEPENDENT_CODE ON)
endfunction()
function(tcpslab_test_library)
endfunction()
function(tcpslab_test)
endfunction()
function(tcpslab_bench)
endfunction()
foreach(layer wire crypto stack tcps)
  add_subdirectory(reference/${layer})
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/ModelFiles.cmake)
set(tcps_sources ${TCPSLAB_MODEL_SOURCES})
list(TRANSFORM tcps_sources PREPEND model/)
set(tcps_headers ${TCPSLAB_MODEL_HEADERS})
list(TRANSFORM tcps_headers PREPEND model/)
set_source_files_properties(${tcps_sources} PROPERTIES
  COMPILE_OPTIONS -std=c++20 INCLUDE_DIRECTORIES ${tcpslab_root} SKIP_PRECOMPILE_HEADERS ON)

build_lib(
  LIBNAME tcps
  SOURCE_FILES ${tcps_sources}
  HEADER_FILES ${tcps_headers}
  LIBRARIES_TO_LINK ${libcore} ${libnetwork} ${libinternet} ${libvirtual-net-device}
)
# Not through build_lib, which exports what it links.
target_link_libraries(${libtcps} PRIVATE tcpslab_tcps)

if(ENABLE_EXAMPLES)
  foreach(example tcps-bulk-send tcps-many-connections tcps-on-off)
    build_lib_example(
      NAME ${example}
      SOURCE_FILES model/examples/${example}.cc
      LIBRARIES_TO_LINK ${libtcps} ${libcore} ${libnetwork} ${libinternet} ${libpoint-to-point} ${libapplications}
    )
  endforeach()
endif()
