# The installed package: find_package(longbeat) gives longbeat::sdk and, with the server, longbeat::server.
# proto, base, core and engine are exported too, as internals those two need.
include(CMakePackageConfigHelpers)

set(installed longbeat_base longbeat_core longbeat_sdk longbeat_testing)
if(LONGBEAT_BUILD_SERVER)
  list(APPEND installed longbeat_engine longbeat_server)
endif()
foreach(target IN LISTS installed)
  string(REPLACE longbeat_ "" export_name ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${export_name}
    VERSION ${longbeat_VERSION}
    SOVERSION ${longbeat_VERSION_MAJOR}.${longbeat_VERSION_MINOR})
endforeach()
# Installed libraries find each other wherever the package is put.
file(RELATIVE_PATH to_libraries "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
foreach(target IN LISTS installed ITEMS longbeat_proto)
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN")
endforeach()

install(TARGETS ${installed} EXPORT longbeatTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET longbeat-server)
  set_target_properties(longbeat-server PROPERTIES INSTALL_RPATH "$ORIGIN/${to_libraries}")
  install(TARGETS longbeat-server RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/sdk/include/longbeat DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(LONGBEAT_BUILD_SERVER)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/server-stub/include/longbeat DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/longbeat)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/longbeat)
install(EXPORT longbeatTargets NAMESPACE longbeat:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/longbeatConfig.cmake.in
  ${PROJECT_BINARY_DIR}/longbeatConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/longbeatConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/longbeatConfig.cmake ${PROJECT_BINARY_DIR}/longbeatConfigVersion.cmake
  DESTINATION ${package_dir})
