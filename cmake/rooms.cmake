# How a room of src/ is built: its sources, its tests, and the flags all of our code shares.

add_library(netsuke_flags INTERFACE)
target_compile_features(netsuke_flags INTERFACE cxx_std_20)
target_compile_options(netsuke_flags INTERFACE -Wall -Wextra -Wconversion -Werror
                       # Designated initialisers name what differs; the rest keeps its default, on purpose.
                       -Wno-missing-field-initializers)
# g++ 12 reports overlaps that cannot happen in its own std::string (GCC bug 105651).
target_compile_options(netsuke_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NETSUKE_SANITIZE)
  # With sanitizers g++ sees uses before initialisation that are none (its manual says so).
  target_compile_options(netsuke_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  # object-size and vptr take a sixth of the compiler's time: the one for what the address sanitizer sees as well, the other
  # for casts down a hierarchy, of which we have only dynamic ones.
  add_compile_options(-fsanitize=${NETSUKE_SANITIZE} -fno-sanitize=object-size,vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_compile_options($<$<CXX_COMPILER_ID:Clang>:-fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/unwatched.txt>)
  add_compile_definitions(NETSUKE_SANITIZED)
  add_link_options(-fsanitize=${NETSUKE_SANITIZE})
endif()
if(NETSUKE_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  include(GoogleTest)
  # Every test program, without the command line and the training that only they do not need.
  add_custom_target(test_programs)
endif()

# netsuke_room(zoo lenet.cpp catalog.cpp LINK netsuke_data): a library of the tool, netsuke_zoo.
function(netsuke_room name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_library(netsuke_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(netsuke_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(netsuke_${name} PUBLIC netsuke ${arg_LINK} PRIVATE netsuke_flags)
endfunction()

# netsuke_test(codec huffman_test.cpp LINK netsuke_model_write): one program, each TEST of it a CTest test; under sanitizers
# the program is one, as a process a TEST takes as long to start as most of them take.
function(netsuke_test name)
  if(NOT NETSUKE_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_executable(${name}_test ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name}_test PRIVATE NETSUKE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name}_test PRIVATE netsuke ${arg_LINK} netsuke_flags GTest::gmock_main hwy::hwy)
  add_dependencies(test_programs ${name}_test)
  # The headers that cost most are read once, for all test programs. What they instantiate need not be fast, and where
  # every access is watched most of the compiler's time would go into making it so.
  if(name STREQUAL "base")
    target_precompile_headers(${name}_test PRIVATE <gmock/gmock.h> <gtest/gtest.h> <algorithm> <map> <string> <vector>)
  else()
    target_precompile_headers(${name}_test REUSE_FROM base_test)
  endif()
  if(NETSUKE_SANITIZE)
    target_compile_options(${name}_test PRIVATE -O0)
  else()
    target_compile_options(${name}_test PRIVATE -O1)
  endif()
  # Tests may each have a Problem or a Row of their own, also where a preset compiles the sources of a room together.
  set_target_properties(${name}_test PROPERTIES UNITY_BUILD OFF)
  if(NETSUKE_SANITIZE)
    add_test(NAME ${name}_test COMMAND ${name}_test --gtest_brief=1)
    set_tests_properties(${name}_test PROPERTIES TIMEOUT 900)
  else()
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES PROPERTIES TIMEOUT 300)
  endif()
endfunction()
