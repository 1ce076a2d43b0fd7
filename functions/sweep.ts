// Every minute: records what the clock, a changed catalogue and late ticket validators have made of requests, from which the stream makes news.
import { catalogueWithTickets as catalogue, lambda, store, tickets } from '../lib/app.ts';
import { sweep } from '../lib/sweep.ts';

export const handler = lambda({ store, catalogue, tickets }, (app) => async (_event: unknown) => sweep(app));
