# Finds an installed ns-3 (3.31 or later) without its own CMake package or pkg-config files: in Debian both name libraries
# that libns3-dev does not bring. Makes one imported target for each component, ns3::<module>; the headers are system
# headers.
#
#   find_package(Ns3 REQUIRED COMPONENTS core network internet)
#   target_link_libraries(x PUBLIC ns3::internet)
#
# NS3_DIR, as a CMake or environment variable, names another prefix: of an installation, or the build directory of an
# ns-3 tree. Does nothing inside an ns-3 tree, which has targets of its own.
if(COMMAND build_lib)
  return()
endif()

set(_ns3_hints ${NS3_DIR} $ENV{NS3_DIR})
find_path(NS3_INCLUDE_DIR ns3/core-config.h HINTS ${_ns3_hints} PATH_SUFFIXES include)

# "ns-3 version" as 3.x, from the header if it has one (3.35 and later), else from a library's name.
set(Ns3_VERSION "")
if(NS3_INCLUDE_DIR AND EXISTS ${NS3_INCLUDE_DIR}/ns3/version-defines.h)
  file(STRINGS ${NS3_INCLUDE_DIR}/ns3/version-defines.h _ns3_lines REGEX "NS3_VERSION_(MAJOR|MINOR) ")
  string(REGEX REPLACE ".*NS3_VERSION_MAJOR +\"?([0-9]+).*" "\\1" _ns3_major "${_ns3_lines}")
  string(REGEX REPLACE ".*NS3_VERSION_MINOR +\"?([0-9]+).*" "\\1" _ns3_minor "${_ns3_lines}")
  set(Ns3_VERSION ${_ns3_major}.${_ns3_minor})
endif()

foreach(_ns3_module IN LISTS Ns3_FIND_COMPONENTS)
  # Debian: libns3-core.so. A build tree's names carry version and profile.
  set(_ns3_names ns3-${_ns3_module})
  foreach(_ns3_prefix ns3-dev ns3 ns${Ns3_VERSION} ns3.48 ns3.47 ns3.46 ns3.45 ns3.44 ns3.43 ns3.42 ns3.41 ns3.40 ns3.39
          ns3.38 ns3.37 ns3.36 ns3.35 ns3.34 ns3.33 ns3.32 ns3.31)
    foreach(_ns3_suffix "-optimized" "-release" "-default" "-debug" "")
      list(APPEND _ns3_names ${_ns3_prefix}-${_ns3_module}${_ns3_suffix})
    endforeach()
  endforeach()
  find_library(NS3_${_ns3_module}_LIBRARY NAMES ${_ns3_names} HINTS ${_ns3_hints} PATH_SUFFIXES lib)
  if(NS3_${_ns3_module}_LIBRARY)
    set(Ns3_${_ns3_module}_FOUND TRUE)
  endif()
  mark_as_advanced(NS3_${_ns3_module}_LIBRARY)
endforeach()
mark_as_advanced(NS3_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Ns3 REQUIRED_VARS NS3_INCLUDE_DIR VERSION_VAR Ns3_VERSION HANDLE_COMPONENTS)

if(Ns3_FOUND)
  foreach(_ns3_module IN LISTS Ns3_FIND_COMPONENTS)
    if(NS3_${_ns3_module}_LIBRARY AND NOT TARGET ns3::${_ns3_module})
      add_library(ns3::${_ns3_module} SHARED IMPORTED)
      set_target_properties(ns3::${_ns3_module} PROPERTIES
        IMPORTED_LOCATION ${NS3_${_ns3_module}_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${NS3_INCLUDE_DIR}
        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${NS3_INCLUDE_DIR})
    endif()
  endforeach()
endif()
