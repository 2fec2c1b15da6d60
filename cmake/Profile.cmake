# Profile-guided optimisation: the program is built once more in the folder `training`, where it counts which way each
# branch goes, and reads the sample captures and a small hostile one; by what it counted, gcc places branches, loops and
# calls. A tenth of the time, for a build that takes twice as long: off, but for packages (-DIMAPTAP_PROFILE=ON).
#
# The profile is a header too, which every source includes: who depends on it is built again when it changes.
option(IMAPTAP_PROFILE "Optimise by what the program does with the sample captures (gcc)" OFF)
option(IMAPTAP_TRAINING "Build the program that is trained (the build does that itself)" OFF)

set(PROFILE_PATHS -fprofile-prefix-path=${PROJECT_BINARY_DIR})

# The same build, which counts.
function(profile_train)
  add_compile_options(-fprofile-generate=${PROJECT_BINARY_DIR}/profile ${PROFILE_PATHS})
  add_link_options(-fprofile-generate -Wl,--wrap=_exit,--wrap=sandbox_enter_analyzer,--wrap=sandbox_enter_recorder_files
                   -Wl,--wrap=sandbox_enter_recorder_calls)
endfunction()

# Trains, and builds all targets of the project by the profile.
function(profile_use)
  include(CheckCCompilerFlag)
  check_c_compiler_flag("-fprofile-use=. ${PROFILE_PATHS}" IMAPTAP_PROFILES)
  if(NOT IMAPTAP_PROFILES OR NOT CMAKE_C_COMPILER_ID STREQUAL "GNU" OR CMAKE_CROSSCOMPILING)
    return()
  endif()
  set(folder ${PROJECT_BINARY_DIR}/training)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS analyzer/*.[ch] db/* dissector/*.[ch] tests/bench/*.[ch]
       samples/*.pcap samples/*.pcapng)
  add_custom_command(
    OUTPUT ${folder}/profile.h
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DFOLDER=${folder} -DCOMPILER=${CMAKE_C_COMPILER}
            "-DFLAGS=${CMAKE_C_FLAGS}" -DSTATIC_SQLITE=${IMAPTAP_STATIC_SQLITE} -P ${PROJECT_SOURCE_DIR}/cmake/train.cmake
    DEPENDS ${sources} cmake/Profile.cmake cmake/train.cmake cmake/training.c CMakeLists.txt
    COMMENT "Training with the sample captures"
    VERBATIM)
  add_custom_target(profile DEPENDS ${folder}/profile.h)
  add_library(profiled INTERFACE)
  add_dependencies(profiled profile)
  # a source that training did not reach has no profile; that of a generated one was made for another path
  target_compile_options(profiled INTERFACE -include ${folder}/profile.h -fprofile-use=${folder}/profile ${PROFILE_PATHS}
                         -fprofile-correction -Wno-missing-profile -Wno-coverage-mismatch)
  link_libraries(profiled)
endfunction()
