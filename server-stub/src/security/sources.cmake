# Every file by name.
set(LONGBEAT_SECURITY_SOURCES
  src/security/access.cc
  src/security/certificates.cc
  src/security/file_watch.cc
  src/security/key_hash.cc
  src/security/listen.cc
  src/security/roles.cc
)
