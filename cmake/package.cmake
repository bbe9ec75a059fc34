# What a user of the library gets: find_package(netsuke) with the target netsuke::netsuke, or pkg-config's netsuke.

target_compile_features(netsuke PUBLIC cxx_std_20)
if(NOT NETSUKE_INSTALL)
  return()
endif()

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/netsuke)

install(DIRECTORY include/netsuke DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT netsuke)
install(TARGETS netsuke EXPORT netsukeTargets COMPONENT netsuke)
# A static library hands what it uses on to those who link it; a shared one keeps that to itself.
get_target_property(library_type netsuke TYPE)
if(library_type STREQUAL "SHARED_LIBRARY")
  set(netsuke_hands_on OFF)
  set(pc_needs "Libs: -L\${libdir} -lnetsuke\nRequires.private: libhwy\nLibs.private: -pthread")
else()
  set(netsuke_hands_on ON)
  set(pc_needs "Libs: -L\${libdir} -lnetsuke -pthread\nRequires: libhwy")
endif()
install(EXPORT netsukeTargets NAMESPACE netsuke:: DESTINATION ${package_dir} COMPONENT netsuke)
configure_package_config_file(cmake/netsuke-config.cmake.in netsuke-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(netsuke-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/netsuke-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/netsuke-config-version.cmake
        DESTINATION ${package_dir} COMPONENT netsuke)

# From the .pc file to the prefix, so that the installed tree may be moved.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/netsuke.pc.in netsuke.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/netsuke.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT netsuke)
