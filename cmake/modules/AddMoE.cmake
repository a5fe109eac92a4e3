# How this project declares libraries, tools and TableGen targets.
include_guard(GLOBAL)

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

set(MOE_INCLUDE_DIRS
  "${PROJECT_SOURCE_DIR}/include"
  "${PROJECT_BINARY_DIR}/include")
# For mlir_tablegen, which searches the directory's include path.
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
include_directories(${MOE_INCLUDE_DIRS})

# What every MLIR-using target compiles with. One set of flags for all of them
# lets them share one precompiled header.
add_library(moe_build_flags INTERFACE)
separate_arguments(MOE_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(moe_build_flags INTERFACE ${MOE_LLVM_DEFINITIONS})
target_compile_options(moe_build_flags INTERFACE
  -fno-exceptions -fno-rtti -fvisibility-inlines-hidden
  -Wall -Wextra -Wno-unused-parameter -Wimplicit-fallthrough)
# With assertions the layout of pass statistics would differ from MLIR's.
target_compile_options(moe_build_flags INTERFACE
  "$<$<NOT:$<CONFIG:Release>>:SHELL:-include ${CMAKE_CURRENT_LIST_DIR}/StatisticAbi.h>")
if(MOE_ENABLE_SANITIZERS)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr,function
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  add_library(moe_sanitizer_options OBJECT
    "${CMAKE_CURRENT_LIST_DIR}/SanitizerOptions.cpp")
  set(MOE_IS_PROGRAM "$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>")
  link_libraries("$<${MOE_IS_PROGRAM}:$<TARGET_OBJECTS:moe_sanitizer_options>>")
endif()

# Coverage of this project's code guides the fuzzers.
if(MOE_BUILD_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# The MLIR that libraries link: Debian's shared library where it exists, else
# the components that are asked for.
if(TARGET MLIR)
  set(MOE_MLIR_LIBS MLIR LLVM)
else()
  get_property(MOE_MLIR_LIBS GLOBAL PROPERTY MLIR_DIALECT_LIBS)
  list(APPEND MOE_MLIR_LIBS MLIROptLib MLIRTranslateLib MLIRPass)
endif()

# One precompiled header for all MLIR-using sources.
add_library(moe_pch OBJECT "${PROJECT_SOURCE_DIR}/cmake/modules/Precompiled.cpp")
target_link_libraries(moe_pch PRIVATE moe_build_flags)
target_precompile_headers(moe_pch PRIVATE
  "${PROJECT_SOURCE_DIR}/cmake/modules/Precompiled.h")
# ccache can store objects that use a precompiled header only so.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(moe_build_flags INTERFACE
    "SHELL:-Xclang -fno-pch-timestamp")
endif()

# add_moe_tablegen(TARGET file.td  out1.inc "-gen-a -flag" out2.inc "-gen-b" …)
# Generates the .inc files beside the .td in the build tree and makes every
# library depend on them.
function(add_moe_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  list(LENGTH ARGN n)
  math(EXPR last "${n} - 1")
  foreach(i RANGE 0 ${last} 2)
    math(EXPR j "${i} + 1")
    list(GET ARGN ${i} out)
    list(GET ARGN ${j} flags)
    separate_arguments(flags)
    mlir_tablegen(${out} ${flags})
  endforeach()
  add_public_tablegen_target(${target})
  set_property(GLOBAL APPEND PROPERTY MOE_TABLEGEN_TARGETS ${target})
endfunction()

# add_moe_library(NAME source… [LINK_LIBS lib…] [NO_MLIR] [TEST_ONLY])
# A static library of the project, exported and installed as MoE::NAME.
# NO_MLIR: a library that uses no MLIR (the runtime). TEST_ONLY: one that the
# tests alone need, which is not installed.
function(add_moe_library name)
  cmake_parse_arguments(ARG "NO_MLIR;TEST_ONLY" "" "LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PUBLIC
    "$<BUILD_INTERFACE:${MOE_INCLUDE_DIRS}>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
  if(NOT ARG_NO_MLIR)
    # Not by linking: an exported library may name only exported ones.
    target_compile_definitions(${name} PRIVATE
      $<TARGET_PROPERTY:moe_build_flags,INTERFACE_COMPILE_DEFINITIONS>)
    target_compile_options(${name} PRIVATE
      $<TARGET_PROPERTY:moe_build_flags,INTERFACE_COMPILE_OPTIONS>)
    target_link_libraries(${name} PUBLIC ${MOE_MLIR_LIBS})
    target_precompile_headers(${name} REUSE_FROM moe_pch)
    get_property(tablegen GLOBAL PROPERTY MOE_TABLEGEN_TARGETS)
    add_dependencies(${name} ${tablegen})
  endif()
  if(ARG_TEST_ONLY)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY MOE_ALL_LIBS ${name})
  set_property(GLOBAL APPEND PROPERTY MOE_TEST_DEPENDS ${name})
  install(TARGETS ${name} EXPORT MoETargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endfunction()

# target_link_mlir_archives(NAME archive…): links what MLIR has only as archives.
# Beside its shared library it takes the files alone, since their targets would
# bring in a second copy of MLIR's core.
function(target_link_mlir_archives name)
  foreach(archive ${ARGN})
    if(TARGET MLIR)
      target_link_libraries(${name} PUBLIC "$<TARGET_FILE:${archive}>")
    else()
      target_link_libraries(${name} PUBLIC ${archive})
    endif()
  endforeach()
endfunction()

# add_moe_tool(NAME source… LINK_LIBS lib…): an installed program that finds
# LLVM's shared libraries wherever it is moved to.
function(add_moe_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  # An executable's own sources would compile as PIE, which the precompiled
  # header is not.
  add_library(${name}-objects OBJECT ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name}-objects PRIVATE moe_build_flags ${ARG_LINK_LIBS})
  target_precompile_headers(${name}-objects REUSE_FROM moe_pch)
  get_property(tablegen GLOBAL PROPERTY MOE_TABLEGEN_TARGETS)
  add_dependencies(${name}-objects ${tablegen})
  add_executable(${name} $<TARGET_OBJECTS:${name}-objects>)
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} ${MOE_MLIR_LIBS})
  set_target_properties(${name} PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};${LLVM_LIBRARY_DIRS}")
  set_property(GLOBAL APPEND PROPERTY MOE_TEST_DEPENDS ${name})
  install(TARGETS ${name} EXPORT MoETargets
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endfunction()

# add_moe_plugin(NAME source… LINK_LIBS lib…): NAME.so, for `mlir-opt
# --load-dialect-plugin` and `--load-pass-plugin`. Its MLIR is that of the
# program that loads it.
function(add_moe_plugin name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_library(${name} MODULE ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE moe_build_flags ${ARG_LINK_LIBS}
    ${MOE_MLIR_LIBS})
  target_precompile_headers(${name} REUSE_FROM moe_pch)
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    INSTALL_RPATH "${LLVM_LIBRARY_DIRS}")
  set_property(GLOBAL APPEND PROPERTY MOE_TEST_DEPENDS ${name})
  install(TARGETS ${name} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endfunction()
