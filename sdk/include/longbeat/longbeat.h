#pragma once
/// Everything but the adapters: include <longbeat/json.h> for values that travel as JSON.
#include "longbeat/activity.h"
#include "longbeat/activity_context.h"
#include "longbeat/async_activity.h"
#include "longbeat/auto_heartbeat.h"
#include "longbeat/checkpoint.h"
#include "longbeat/client.h"
#include "longbeat/errors.h"
#include "longbeat/log.h"
#include "longbeat/worker.h"
