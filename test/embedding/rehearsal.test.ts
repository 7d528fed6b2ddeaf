/** The recorded questions that a daemon plays to itself after its start. */
import t from 'tap';
import { rehearseWhenIdle } from '../../src/embedding/index.js';
import { REHEARSAL_QUESTIONS } from '../../src/embedding/rehearsal-plan.js';
import { Rehearsal } from '../../src/embedding/rehearsal.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';

t.test('every question has the verdict it was recorded with, round after round', (t) => {
  const rehearsal = new Rehearsal(new NodeCryptoProvider());
  for (let step = 0; step < 2 * (REHEARSAL_QUESTIONS.length + 1); step++) {
    t.equal(rehearsal.step(), undefined, 'else: scripts/record-rehearsal.mjs makes it anew');
  }
  t.end();
});

t.test('a wrong bit is noticed', (t) => {
  t.equal(new Rehearsal(new NodeCryptoProvider()).forgery(), undefined);
  t.end();
});

t.test('a machine on which every signature is good does not pass', (t) => {
  class Credulous extends NodeCryptoProvider {
    override verify(): boolean {
      return true;
    }
  }
  t.match(new Rehearsal(new Credulous()).forgery(), /came out secure, not bogus/);
  t.end();
});

t.test('nor does one on which none is', (t) => {
  class Suspicious extends NodeCryptoProvider {
    override verify(): boolean {
      return false;
    }
  }
  t.match(new Rehearsal(new Suspicious()).step(), /TLSA came out \w+, not secure/);
  t.end();
});

t.test('it waits while somebody asks', async (t) => {
  let looks = 0;
  const choice = { implementation: 'node', sha1: false } as const;
  const holdsProcess = setInterval(() => {}, 1_000);
  t.equal(await rehearseWhenIdle(choice, () => looks++ < 3), undefined);
  clearInterval(holdsProcess);
  t.ok(looks > 3);
});
