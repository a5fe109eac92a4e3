# The package `find_package(MoE)`: headers, exported targets, configuration;
# for the install tree and, without installing, for the build tree.
include_guard(GLOBAL)
include(CMakePackageConfigHelpers)

set(MOE_INSTALL_CMAKEDIR "${CMAKE_INSTALL_LIBDIR}/cmake/moe")
set(MOE_BUILD_CMAKEDIR "${PROJECT_BINARY_DIR}/lib/cmake/moe")

install(DIRECTORY include/moe include/moe-c
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h" PATTERN "*.td")
install(DIRECTORY "${PROJECT_BINARY_DIR}/include/moe"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.inc" PATTERN "CMakeFiles" EXCLUDE)
if(EXISTS "${PROJECT_SOURCE_DIR}/runtime/include")
  install(DIRECTORY runtime/include/
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
endif()

get_property(MOE_ALL_LIBS GLOBAL PROPERTY MOE_ALL_LIBS)
list(TRANSFORM MOE_ALL_LIBS PREPEND "MoE::" OUTPUT_VARIABLE MOE_EXPORTED_LIBS)
configure_package_config_file(cmake/modules/MoEConfig.cmake.in
  "${MOE_BUILD_CMAKEDIR}/MoEConfig.cmake"
  INSTALL_DESTINATION "${MOE_INSTALL_CMAKEDIR}"
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${MOE_BUILD_CMAKEDIR}/MoEConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${MOE_BUILD_CMAKEDIR}/MoEConfig.cmake"
  "${MOE_BUILD_CMAKEDIR}/MoEConfigVersion.cmake"
  DESTINATION "${MOE_INSTALL_CMAKEDIR}")
install(EXPORT MoETargets NAMESPACE MoE::
  DESTINATION "${MOE_INSTALL_CMAKEDIR}")
export(EXPORT MoETargets NAMESPACE MoE::
  FILE "${MOE_BUILD_CMAKEDIR}/MoETargets.cmake")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/moe-mlir")
