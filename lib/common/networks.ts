// Networks in the catalogue: parses them and tests whether an address is inside one.
import { BlockList, isIP, isIPv4 } from 'node:net';

/** Parses `10.0.0.0/8` or `2001:db8::/32`; a bare address is a network of one address. Undefined if invalid. */
export function parseNetwork(text: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (bits !== undefined && (!/^(?:0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > longest)) return undefined;
  return { address, prefix: bits === undefined ? longest : Number(bits), family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Whether the address is inside one of the networks. False without an address. An IPv4-mapped IPv6 address counts as IPv4. */
export function isFrom(networks: readonly string[], address: string | undefined): boolean {
  if (address === undefined || isIP(address) === 0) return false;
  const bare = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  return listOf(networks).check(bare, isIPv4(bare) ? 'ipv4' : 'ipv6');
}

// --- internal ---

const lists = new WeakMap<readonly string[], BlockList>();
function listOf(networks: readonly string[]): BlockList {
  const made = lists.get(networks);
  if (made) return made;
  const list = new BlockList();
  for (const network of networks.map(parseNetwork))
    if (network) list.addSubnet(network.address, network.prefix, network.family);
  lists.set(networks, list);
  return list;
}
