// Asks as programs on Node do: `cares` through dns.Resolver, `system` through dns.lookup, which is
// getaddrinfo. Prints "found N" or "error: CODE".
//   node node-lookup.js cares|system NAME TYPE

import { promises as dns } from 'node:dns';

const [how, name, type] = process.argv.slice(2);

async function find(): Promise<number> {
  if (how === 'system') return (await dns.lookup(name!, { all: true, family: 4 })).length;
  const found = await new dns.Resolver().resolve(name!, type!);
  return Array.isArray(found) ? found.length : 1;
}

try {
  console.log(`found ${await find()}`);
} catch (error) {
  console.log(`error: ${(error as NodeJS.ErrnoException).code}`);
}
