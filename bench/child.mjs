// One cold start: what Lambda's runtime client does before it comes to the function (aws-lambda-ric 4.0.2, index.mjs), then the function as
// it loads one, by import. Says how long the function took and how long after the start of the process it was ready. Milliseconds.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
for (const name of ['path', 'fs', 'net', 'os', 'util', 'worker_threads']) require(`node:${name}`);
const { Agent } = require('node:http');
const { AsyncLocalStorage } = await import('node:async_hooks');
globalThis.runtime = { agent: new Agent({ keepAlive: true, maxSockets: 1 }), store: new AsyncLocalStorage() };

const before = performance.now();
await import(process.argv[2]);
const after = performance.now();
process.stdout.write(JSON.stringify({ load: after - before, ready: after }));
