// Every minute: records what the clock and a changed catalogue have made of requests, from which the stream makes news.
import { catalogue, lambda, store } from '../lib/app.ts';
import { sweep } from '../lib/sweep.ts';
import { withToldStore } from '../lib/told-store.ts';

export const handler = lambda({ store, catalogue }, (app) => async (_event: unknown) => sweep(withToldStore(app)));
