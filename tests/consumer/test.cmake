# Included by tests/CMakeLists.txt: registers the test that run.cmake is. Sanitized libraries don't install, and what is built for
# another machine does not run here as a program that is found by its path.
if(CMAKE_CROSSCOMPILING OR NETSUKE_SANITIZE OR NOT NETSUKE_INSTALL OR NOT TARGET netsuke_model_write)
  return()
endif()
add_executable(consumer_sample consumer/sample.cpp)
target_include_directories(consumer_sample PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(consumer_sample PRIVATE netsuke_model_write netsuke netsuke_flags)
add_test(NAME consumer
         COMMAND ${CMAKE_COMMAND} -D build=${PROJECT_BINARY_DIR} -D sample=$<TARGET_FILE:consumer_sample>
                 -D cxx=${CMAKE_CXX_COMPILER} -D golden=${CMAKE_CURRENT_SOURCE_DIR}/golden
                 -P ${CMAKE_CURRENT_SOURCE_DIR}/consumer/run.cmake)
set_tests_properties(consumer PROPERTIES TIMEOUT 300)
