// Asks as programs on Node do: `cares` through dns.Resolver, `system` through dns.lookup, which is
// getaddrinfo, `tlsa` through dns.Resolver of Node 22 and later. Prints "found N" or "error: CODE".
//   node node-lookup.js cares|system|tlsa NAME TYPE [SERVER]

import { promises as dns } from 'node:dns';

const [how, name, type, server] = process.argv.slice(2);

async function find(): Promise<number> {
  if (how === 'system') return (await dns.lookup(name!, { all: true, family: 4 })).length;
  const resolver = new dns.Resolver();
  if (server !== undefined) resolver.setServers([server]);
  const found = await resolver.resolve(name!, type!);
  return Array.isArray(found) ? found.length : 1;
}

try {
  console.log(`found ${await find()}`);
} catch (error) {
  console.log(`error: ${(error as NodeJS.ErrnoException).code}`);
}
