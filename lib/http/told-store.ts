// The store of an App, by which every change of a request becomes a line of the log: whoever writes cannot forget to tell.
import type { App, Log, Store } from '../app.ts';
import { securityEventsOf } from '../request/security-event.ts';

/** What the lines of one HTTP call say of it. `request` and `person` are known only on the way. */
export type About = { call?: string; ip?: string; person?: string; via?: string; request?: string };

/**
 * The same App, with a store that tells.
 * @param about takes up which request was last read or written
 */
export function withToldStore<Part extends Pick<App, 'store' | 'log'>>(app: Part, about: About = {}): Part {
  return { ...app, store: toldStore(app.store, app.log, about) };
}

// --- internal ---

function toldStore(store: Store, log: Log, about: About): Store {
  return {
    ...store,
    async get(id) {
      const request = await store.get(id);
      if (request) about.request = request.id;
      return request;
    },
    async create(request, ledgers, blocks) {
      const stored = await store.create(request, ledgers, blocks);
      about.request = request.id;
      if (stored === 'created') for (const event of securityEventsOf(request, 0)) log('security-event', event);
      return stored;
    },
    async replace(next, version, yieldsAt) {
      const isReplaced = await store.replace(next, version, yieldsAt);
      if (isReplaced) for (const event of securityEventsOf(next, version)) log('security-event', event);
      return isReplaced;
    },
  };
}
