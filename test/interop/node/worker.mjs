// worker.mjs ADDRESS QUEUE: a worker of its own process, for a case that kills it.
import { NativeConnection, Worker } from '@temporalio/worker';
import * as activities from './activities.mjs';
import { quiet } from './quiet.mjs';

quiet();
const [address, taskQueue] = process.argv.slice(2);
const connection = await NativeConnection.connect({ address });
const options = { connection, taskQueue, activities, identity: 'doomed', maxHeartbeatThrottleInterval: '100ms' };
await (await Worker.create(options)).run();
