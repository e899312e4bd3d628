// main.mjs ADDRESS [WORDS]: Temporal's TypeScript SDK against the server at ADDRESS. WORDS picks cases by name. Those
// together with C++ need LONGBEAT_INTEROP_CPP, the path of the program that cpp/ is built to.
import { Bench, runCases } from './harness.mjs';
import { quiet } from './quiet.mjs';
import './cases_life.mjs'; // These fill the list of cases.
import './cases_control.mjs';
import './cases_look.mjs';

if (process.env.LONGBEAT_INTEROP_CPP) {
  await import('./cases_cpp.mjs');
  await import('./cases_cpp_control.mjs');
}
quiet();
const [address, only = ''] = process.argv.slice(2);
const bench = await Bench.open(address);
const { passed, failed } = await bench.withWorker(bench.queue, () => runCases(bench, only), {
  identity: 'the shared worker',
});
await bench.close();
console.log(`node: ${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
