// The type of a signer: adds the headers that authenticate a call.

export type Signer = {
  mount: '/v1' | '/iam/v1';
  /** unverified claims of the token, if it can be decoded */
  claims?: Record<string, unknown>;
  /** identifies the caller without a secret, for cached sessions */
  who: string;
  headersFor(call: {
    method: string;
    url: string;
    body?: string;
  }): Promise<Record<string, string>> | Record<string, string>;
};
