// The thread of AWS's CloudFormation validator: answers the findings in each template that it is told the path of.
import { parentPort } from 'node:worker_threads';
import { findingsIn } from '../../scripts/package.ts';

parentPort!.on('message', (template: string) => parentPort!.postMessage(findingsIn(template)));
