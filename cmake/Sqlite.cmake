# The target sqlite: SQLite as an archive where there is one, else as a shared library.
#
# Debian's shared library calls its own functions through tables that other libraries could change, which costs a tenth
# of all that imaptap does in the database. An update of SQLite then needs a new build, as every update of an archive;
# whoever builds for a distribution asks for the shared one.
option(IMAPTAP_STATIC_SQLITE "Link SQLite's archive, if there is one" ON)

pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
add_library(sqlite INTERFACE)
find_library(SQLITE_ARCHIVE ${CMAKE_STATIC_LIBRARY_PREFIX}sqlite3${CMAKE_STATIC_LIBRARY_SUFFIX} HINTS ${SQLITE_LIBRARY_DIRS})
if(IMAPTAP_STATIC_SQLITE AND SQLITE_ARCHIVE)
  set(SQLITE_NEEDS ${SQLITE_STATIC_LIBRARIES})
  list(REMOVE_ITEM SQLITE_NEEDS sqlite3)
  target_include_directories(sqlite SYSTEM INTERFACE ${SQLITE_STATIC_INCLUDE_DIRS})
  target_link_libraries(sqlite INTERFACE ${SQLITE_ARCHIVE} ${SQLITE_NEEDS})
else()
  target_link_libraries(sqlite INTERFACE PkgConfig::SQLITE)
endif()
