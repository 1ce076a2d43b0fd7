// Every minute: records what the clock has made of requests, from which the stream makes news. Table rights only.
import { lambda, store } from '../lib/app.ts';
import { sweep } from '../lib/sweep.ts';

export const handler = lambda({ store }, (app) => async (_event: unknown) => sweep(app));
