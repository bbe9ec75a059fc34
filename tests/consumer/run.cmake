# Installs the library into an empty folder, moves that, builds the consumer against it in both ways, by find_package
# and by pkg-config, and runs it. Given: build (netsuke's build folder), sample, cxx, golden.
cmake_minimum_required(VERSION 3.25)

set(work ${build}/consumer)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${build} --prefix ${work}/installed --component netsuke)
file(RENAME ${work}/installed ${work}/prefix)
run(${sample} ${work}/sample.nsk ${work}/sample.txt)
file(GLOB golden_models ${golden}/*.nsk)
list(FILTER golden_models EXCLUDE REGEX all-ops)  # has two outputs, which sessions refuse
if(NOT golden_models)
  message(FATAL_ERROR "there are no golden files in ${golden}")
endif()

function(check program)
  run(${program} ${work}/sample.nsk ${work}/sample.txt)
  message(STATUS "${output}")
  foreach(model ${golden_models})
    run(${program} ${model})
  endforeach()
endfunction()

# What the program needs is the C++ standard library and the library that README names.
function(check_libraries program)
  run(ldd ${program})
  string(REGEX MATCHALL "[^\n]+" lines "${output}")
  foreach(line ${lines})
    if(NOT line MATCHES "linux-vdso|ld-linux|lib(stdc\\+\\+|m|gcc_s|c|pthread|hwy|netsuke|cpuinfo)\\.so")
      message(FATAL_ERROR "${program} needs a library that it should not:${line}")
    endif()
  endforeach()
endfunction()

# Streams and formatting libraries would be most of a small program's size.
function(check_symbols library)
  run(nm -C --undefined-only ${library})
  if(output MATCHES "(std::(ios_base::Init|cout|cerr)|fmt::|google::protobuf|torch::)")
    message(FATAL_ERROR "${library} uses ${CMAKE_MATCH_1}")
  endif()
endfunction()

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${work}/cmake -D CMAKE_PREFIX_PATH=${work}/prefix
    -D CMAKE_CXX_COMPILER=${cxx})
run(${CMAKE_COMMAND} --build ${work}/cmake)
check(${work}/cmake/consumer)
check(${work}/cmake/consumer_c)
check_libraries(${work}/cmake/consumer)

file(GLOB_RECURSE archive ${work}/prefix/libnetsuke.a)
if(archive)
  check_symbols(${archive})
endif()

find_program(pkg_config pkg-config)
if(NOT pkg_config)
  message(STATUS "no pkg-config here: that half is not tested")
  return()
endif()
file(GLOB_RECURSE pc_file ${work}/prefix/netsuke.pc)
get_filename_component(pc_folder ${pc_file} DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${pc_folder})
run(${pkg_config} --cflags --libs netsuke)
separate_arguments(flags UNIX_COMMAND "${output}")
run(${cxx} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/main.cpp ${flags} -o ${work}/by_pkg_config)
check(${work}/by_pkg_config)
