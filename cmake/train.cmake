# Builds the program that counts, in FOLDER, has it read the sample captures of SOURCE and a little of what an attacker
# sends, and writes profile.h there.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "training failed (-DIMAPTAP_PROFILE=OFF builds without): ${ARGV}\n${output}")
  endif()
endfunction()

cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${FOLDER} -DCMAKE_C_COMPILER=${COMPILER} "-DCMAKE_C_FLAGS=${FLAGS}" -DCMAKE_BUILD_TYPE=Release
    -DBUILD_TESTING=OFF -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=OFF -DIMAPTAP_STATIC_SQLITE=${STATIC_SQLITE} -DIMAPTAP_TRAINING=ON
    -DIMAPTAP_BENCH=ON)
run(${CMAKE_COMMAND} --build ${FOLDER} --target imaptap bench_generate -j ${cores})
foreach(made dense hostile)
  run(${FOLDER}/tests/bench/bench_generate ${made} ${FOLDER}/${made}.pcap ${FOLDER}/${made}.truth --scale 0.05)
endforeach()
file(REMOVE_RECURSE ${FOLDER}/profile)
file(REMOVE ${FOLDER}/samples.db)
file(GLOB_RECURSE captures ${SOURCE}/samples/*.pcap ${SOURCE}/samples/*.pcapng)
run(${FOLDER}/imaptap read -q -d ${FOLDER}/samples.db ${captures} ${FOLDER}/dense.pcap ${FOLDER}/hostile.pcap)
file(REMOVE ${FOLDER}/samples.db ${FOLDER}/dense.pcap ${FOLDER}/hostile.pcap)
string(TIMESTAMP now UTC)
file(WRITE ${FOLDER}/profile.h "/* The program was trained at ${now}. */\n")
