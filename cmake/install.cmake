# install.cmake - what `make install` puts where, below prefix and DESTDIR. The
# prefix may still change then (cmake --install --prefix), so files that name
# it are written at that moment.

install(FILES docs/man/mogi-acl.1 docs/man/mogi-bench.1 docs/man/mogi-db.1 docs/man/mogi-broker.1
  docs/man/mogi-certs.1 docs/man/mogi-passwd.1 docs/man/mogi-token.1
  docs/man/mogi-pub.1 docs/man/mogi-rr.1
  docs/man/mogi-sub.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/mogi.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES README.md LICENSE CHANGELOG.md docs/mogi.conf
  docs/from-mosquitto.md docs/mosquitto-conf.md docs/conformance.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(MOGI_SERVICE OFF)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(MOGI_SERVICE ON)
endif()
set(MOGI_LIBRARY OFF)
if(TARGET mogi-shared)
  set(MOGI_LIBRARY ON)
  set_target_properties(mogi-shared PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  install(TARGETS mogi-shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY include/mogi DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h")
endif()

configure_file(cmake/install_files.cmake.in install_files.cmake @ONLY)
install(SCRIPT "${PROJECT_BINARY_DIR}/install_files.cmake")
