// One cold start: loads what Lambda's runtime client has loaded before it comes to the function (aws-lambda-ric 4.0.2, index.mjs), then the
// function as it does, by import. Says how long the function took and how long after the start of the process it was ready. Milliseconds.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
for (const name of ['path', 'fs', 'net', 'http', 'os', 'util', 'worker_threads']) require(`node:${name}`);
await import('node:async_hooks');

const before = performance.now();
await import(process.argv[2]);
const after = performance.now();
process.stdout.write(JSON.stringify({ load: after - before, ready: after }));
