// Runs every minute: records changes of requests that time or a new catalogue caused. The stream then sends the emails.
import { sweep } from '../lib/actions/sweep.ts';
import { withToldStore } from '../lib/http/told-store.ts';
import { catalogue, lambda, store } from '../lib/lambda.ts';

export const handler = lambda({ store, catalogue }, (app) => async (_event: unknown) => sweep(withToldStore(app)));
