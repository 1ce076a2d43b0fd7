// Signs in with a browser anywhere else: the device authorization grant (RFC 8628).
import { MINUTE, SECOND } from '../lib/time.ts';
import { Failure } from './exit.ts';
import { type Client, fetchTokens, postForm, signInRefused, TokenRefused } from './oidc.ts';
import { plain } from './terminal-text.ts';
import type { Tokens } from './tokens.ts';
import type { World } from './world.ts';

/** @throws Failure `sign-in`, `try-again`, `interrupted` */
export async function loginByDevice(world: World, client: Client, deviceEndpoint: string): Promise<Tokens> {
  const { signal, release } = world.interrupt();
  try {
    const asked = await postForm(world, deviceEndpoint, {
      client_id: client.clientId,
      scope: client.scope,
      ...(client.audience !== undefined && { audience: client.audience }),
    });
    const {
      device_code: code,
      user_code: userCode,
      verification_uri: uri,
      verification_uri_complete: whole,
      expires_in: expiresIn,
      interval,
    } = asked;
    if (typeof code !== 'string' || typeof userCode !== 'string' || typeof uri !== 'string')
      throw new TokenRefused('invalid_response', '');
    world.err(
      `Go to ${plain(uri)} with any browser and enter the code ${plain(userCode)}\n${typeof whole === 'string' ? `(or straight to ${plain(whole)})\n` : ''}`,
    );
    const until = world.now() + (typeof expiresIn === 'number' ? expiresIn * SECOND : 10 * MINUTE);
    let seconds = typeof interval === 'number' && interval > 0 ? interval : 5;
    while (world.now() < until) {
      await world.sleep(seconds * SECOND, signal);
      if (signal.aborted) throw new Failure('interrupted', 'Stopped signing in.');
      const answer = await poll(world, client, code);
      if (answer === 'slow_down') seconds += 5;
      else if (answer !== 'authorization_pending') return answer;
    }
    throw new TokenRefused('expired_token', 'the code has expired');
  } catch (error) {
    throw error instanceof TokenRefused ? signInRefused(error) : error;
  } finally {
    release();
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

async function poll(
  world: World,
  client: Client,
  code: string,
): Promise<Tokens | 'authorization_pending' | 'slow_down'> {
  try {
    return await fetchTokens(world, client, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: code,
    });
  } catch (error) {
    if (error instanceof TokenRefused && (error.code === 'authorization_pending' || error.code === 'slow_down'))
      return error.code;
    throw error;
  }
}
