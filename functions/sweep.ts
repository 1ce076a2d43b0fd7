// Every minute: records what the clock and a changed catalogue have made of requests, from which the stream makes news.
import { sweep } from '../lib/actions/sweep.ts';
import { withToldStore } from '../lib/http/told-store.ts';
import { catalogue, lambda, store } from '../lib/lambda.ts';

export const handler = lambda({ store, catalogue }, (app) => async (_event: unknown) => sweep(withToldStore(app)));
