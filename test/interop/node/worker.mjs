// worker.mjs ADDRESS QUEUE: a worker of its own process, for a case that kills it. It has the activities of all cases.
import { NativeConnection, Worker } from '@temporalio/worker';
import * as ours from './activities.mjs';
import { cppActivities } from './cpp_activities.mjs';
import { quiet } from './quiet.mjs';

quiet();
const [address, taskQueue] = process.argv.slice(2);
const connection = await NativeConnection.connect({ address });
const activities = { ...cppActivities, ...ours };
const options = { connection, taskQueue, activities, identity: 'doomed', maxHeartbeatThrottleInterval: '100ms' };
await (await Worker.create(options)).run();
