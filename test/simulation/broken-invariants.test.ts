/** An exception, wherever in judging, fails the question under way, and not a zone for good. */
import t from 'tap';
import { LIMITS } from '../../src/resolver/limits.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { makeLab, SimulatedWorld } from '../support/simulated-world.js';
import { violations } from './checkers.js';

const lab = makeLab();

/** Breaks once, at the check that it is told. */
class BrittleProvider extends NodeCryptoProvider {
  checksLeft = Number.POSITIVE_INFINITY;

  override verify(...check: Parameters<NodeCryptoProvider['verify']>): boolean {
    this.checksLeft--;
    if (this.checksLeft === 0) throw new Error('invariant');
    return super.verify(...check);
  }
}

/** As the driver does it: the event is lost, and the world goes on. */
function ask(world: SimulatedWorld, name: string, type: string): string {
  const question = world.ask(name, type);
  for (;;) {
    try {
      world.runUntil(() => question.resolution !== undefined);
      return question.resolution?.security.status ?? 'no end';
    } catch (error) {
      if (!(error instanceof Error && error.message === 'invariant')) throw error;
    }
  }
}

t.test('what an exception has ended is begun again', (t) => {
  for (const [name, type, sound] of [
    ['_25._tcp.mx.p256.dane', 'TLSA', 'secure'],
    ['a.b.c.d.p256.dane', 'A', 'secure'],
    ['a.b.c.d.nsec3.hashed', 'A', 'secure'],
    ['_25._tcp.mx.unsigned.hashed', 'TLSA', 'insecure'],
    ['_25._tcp.mx.signed.optout', 'TLSA', 'secure'],
  ] as const) {
    let failed = 0;
    for (let checks = 1; ; checks++) {
      const crypto = new BrittleProvider();
      const world = new SimulatedWorld({ lab, crypto, config: { mailPrefetch: false } });
      crypto.checksLeft = checks;
      const first = ask(world, name, type);
      if (crypto.checksLeft > 0) break;
      // Or the check was of what is fetched beside the question.
      const isTrue = first === sound || first === 'indeterminate' || first === 'bogus';
      t.ok(isTrue, `${name}, check ${checks}: ${first}`);
      if (first !== sound) failed++;
      world.sleep(LIMITS.joinableMs.value);
      crypto.checksLeft = Number.POSITIVE_INFINITY;
      t.equal(ask(world, name, type), sound, `${name}, check ${checks}: afterwards`);
      t.same(violations(world), []);
    }
    t.ok(failed >= 3, `${name}: ${failed} times`);
  }
  t.end();
});
