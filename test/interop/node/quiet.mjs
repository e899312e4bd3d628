// The SDK logs every attempt that fails on purpose.
import { DefaultLogger, Runtime } from '@temporalio/worker';

export function quiet() {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR' } },
    workerHeartbeatInterval: '1s',
    shutdownSignals: [],
  });
}
