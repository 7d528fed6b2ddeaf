/** A decision (src/dane) with the lab's resolver behind it, in virtual time. */
import {
  type DaneDecision,
  decideDane,
  type Deciding,
  type Destination,
  type Lookup,
} from '../../src/dane/index.js';
import { parseName } from '../../src/presentation/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import { typeMnemonic } from '../../src/wire/index.js';
import type { SimulatedWorld } from './simulated-world.js';

export function destinationOf(domain: string, port = 25, viaMx = true): Destination {
  const name = parseName(domain);
  if (name === undefined) throw new Error(`not a name: ${domain}`);
  return { name, port, viaMx };
}

/** Runs a generator to its end; `answer` stands for the resolver. */
export function drive<T>(deciding: Deciding<T>, answer: (lookup: Lookup) => Resolution): T {
  let step = deciding.next();
  while (step.done !== true) step = deciding.next(step.value.map(answer));
  return step.value;
}

export interface Driven {
  readonly decision: DaneDecision;
  /** What was looked up, as `name TYPE`, in order. */
  readonly asked: readonly string[];
}

export function decideIn(world: SimulatedWorld, destination: Destination): Driven {
  const asked: string[] = [];
  const decision = drive(decideDane(destination), ({ name, type }) => {
    const [text, mnemonic] = [name.toString(), typeMnemonic(type)];
    asked.push(`${text.toLowerCase()} ${mnemonic}`);
    return world.resolve(text, mnemonic);
  });
  return { decision, asked };
}
