// Signs in with a browser on another machine: device authorization grant (RFC 8628), with PKCE for issuers that require it.
import { SECOND } from '../../lib/common/time.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { plain } from '../text/terminal-text.ts';
import { askForDevice, type Client, newProof, Refused, tokensByDevice } from './oidc.ts';
import type { Tokens } from './tokens.ts';

/** @throws Refused, Failure `sign-in`, `try-again`, `interrupted` */
export async function loginByDevice(world: World, client: Client): Promise<Tokens> {
  const { signal, release } = world.interrupt();
  try {
    const { verifier, challenge } = await newProof();
    // issuers ignore unknown parameters (RFC 6749 section 3.1)
    const asked = await askForDevice(world, client, { code_challenge: challenge, code_challenge_method: 'S256' });
    const { verification_uri: page, verification_uri_complete: whole } = asked;
    const straight = whole === undefined ? '' : `(or go directly to ${plain(whole)})\n`;
    world.err(`Go to ${plain(page)} with any browser and enter the code ${plain(asked.user_code)}\n${straight}`);
    const until = world.now() + asked.expires_in * SECOND;
    let seconds = asked.interval ?? 5;
    while (world.now() < until) {
      await world.sleep(seconds * SECOND, signal);
      if (signal.aborted) throw new Failure('interrupted', 'Sign-in cancelled.');
      const answer = await poll(world, client, asked.device_code, verifier);
      if (answer === 'slow_down') seconds += 5;
      else if (answer !== 'authorization_pending') return answer;
    }
    throw new Refused('expired_token', 'the code has expired');
  } finally {
    release();
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

async function poll(
  world: World,
  client: Client,
  code: string,
  verifier: string,
): Promise<Tokens | 'authorization_pending' | 'slow_down'> {
  try {
    return await tokensByDevice(world, client, code, verifier);
  } catch (error) {
    if (error instanceof Refused && (error.code === 'authorization_pending' || error.code === 'slow_down'))
      return error.code;
    throw error;
  }
}
