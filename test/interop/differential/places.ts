// Who has which address in the differential run. Ordinary unicast addresses, as in the walk.

import { type AddressPair, refusing } from '../addresses.js';
import { type ServerName, serverNames } from './zone-plan.js';

/** The resolvers that are asked; the first is the one that is judged by the others. */
export const resolverNames = ['anchorite', 'unbound', 'bind', 'knot', 'powerdns'] as const;
export type ResolverName = (typeof resolverNames)[number];

/** A resolver that does not validate, for the proof that this run can fail. */
export const blindName = 'blind';

function pair(first: number, second: number, host: number): AddressPair {
  return { ipv4: `${first}.${second}.0.${host}`, ipv6: `2a0${host % 9}:${second}00::${host}` };
}

export function placeOfServer(server: ServerName): AddressPair {
  const position = serverNames.indexOf(server);
  return pair(position % 2 === 0 ? 45 : 88, 11 + position, 53);
}

export function placeOfResolver(resolver: ResolverName | typeof blindName): AddressPair {
  const position = [...resolverNames, blindName].indexOf(resolver);
  return pair(45, 90 + position, 54);
}

/** The namespace of a resolver; authorities have names of their own. */
export function machineOf(resolver: ResolverName | typeof blindName): string {
  return `ask-${resolver}`;
}

export function inhabitants(): Map<string, readonly AddressPair[]> {
  const all = new Map<string, readonly AddressPair[]>();
  for (const server of serverNames) all.set(server, [placeOfServer(server)]);
  for (const resolver of [...resolverNames, blindName] as const) {
    all.set(machineOf(resolver), [placeOfResolver(resolver)]);
  }
  all.set('client', [pair(45, 80, 10)]);
  all.set('refusing', [refusing]);
  return all;
}
