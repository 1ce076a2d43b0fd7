// What signs a call, whatever it signs with.

export type Signer = {
  mount: '/v1' | '/iam/v1';
  /** what its token says, where it is one that can be read; unverified */
  claims?: Record<string, unknown>;
  /** tells one identity from another, without a secret; for what is cached */
  who: string;
  headersFor(call: {
    method: string;
    url: string;
    body?: string;
  }): Promise<Record<string, string>> | Record<string, string>;
};
