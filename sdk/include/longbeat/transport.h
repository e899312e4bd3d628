#pragma once
#include "longbeat/export.h"

LONGBEAT_BEGIN

/// How the clients of this process reach a server that lives in it. Opaque: LocalServer::transport() makes one,
/// ClientOptions::transport takes it.
class Transport;

LONGBEAT_END
