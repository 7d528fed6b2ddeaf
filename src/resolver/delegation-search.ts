/**
 * Asks the parent's servers what they say about a zone cut at a name: the DS question of RFC 4035
 * §5.2, for cuts that no referral showed. Equal searches are one, and verdicts are kept.
 */
import { countBoundedMap } from '../cache/index.js';
import { type Bogus, bogus, indeterminate } from '../dnssec/index.js';
import { type Name, RRType } from '../wire/index.js';
import { Deferred } from './deferred.js';
import { Descent, type DescentOutcome } from './descent.js';
import type { Effort } from './effort.js';
import { InFlight } from './in-flight.js';
import { LIMITS } from './limits.js';
import type { ResolutionServices } from './resolution.js';
import type { CutDelegation } from './trust-types.js';

export class DelegationSearch {
  readonly #services: ResolutionServices;
  readonly #inFlight = new InFlight<string, Deferred<CutDelegation>>();
  readonly #known = countBoundedMap<CutDelegation & { readonly expiresAtMs: number }>(
    LIMITS.delegationVerdicts.value,
  );

  constructor(services: ResolutionServices) {
    this.#services = services;
  }

  of(zone: Name, effort: Effort): Deferred<CutDelegation> {
    const { machine } = this.#services;
    // RFC 5011 §2.1: what was found under anchors that were revoked since is not looked at again.
    const key = `${machine.anchorEpoch} ${zone.key}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.expiresAtMs > machine.now.cacheMs) {
      return Deferred.of<CutDelegation>(known);
    }
    const running = this.#inFlight.get(key);
    if (running !== undefined && machine.isJoinable(running)) return running;
    const delegation = new Deferred<CutDelegation>(machine.now.monotonicMs);
    this.#inFlight.set(key, delegation);
    delegation.whenSettled((value) => {
      if (this.#inFlight.get(key) === delegation) this.#inFlight.delete(key);
      if ('expiresAtMs' in value) this.#known.set(key, value);
    });
    if (zone.isRoot) delegation.settle({ kind: 'indeterminate', security: indeterminate(zone) });
    else new Search(this.#services, zone, effort, delegation).start();
    return delegation;
  }
}

class Search {
  readonly #services: ResolutionServices;
  readonly #zone: Name;
  readonly #effort: Effort;
  readonly #result: Deferred<CutDelegation>;
  readonly #descent: Descent;
  #firstBogus: Bogus | undefined;

  constructor(
    services: ResolutionServices,
    zone: Name,
    effort: Effort,
    result: Deferred<CutDelegation>,
  ) {
    this.#services = services;
    this.#zone = zone;
    this.#effort = effort;
    this.#result = result;
    const goal = { name: zone, type: RRType.DS, effort, lineage: [], validated: true };
    this.#descent = new Descent(services, goal, (outcome) => this.#arrived(outcome));
  }

  /**
   * A server that follows an alias across its own zones may have sent the denial of DS records for
   * the target's zone along with the alias, and not send it again: it is looked at first.
   */
  start(): void {
    const zone = this.#zone;
    const evidence = this.#effort.evidence.findLast(
      ({ target, cut, usable }) =>
        target.isAtOrBelow(zone) &&
        zone.isBelow(cut.zone) &&
        !this.#services.machine.isCutOffFrom(cut.zone, zone.parent()) &&
        usable.reply.authority.some((set) => isDenial(set.type) && set.signatures.length > 0),
    );
    if (evidence === undefined) {
      this.#ask();
      return;
    }
    const { cut, usable } = evidence;
    this.#services.validation.judgeDelegation(zone, cut, usable, this.#effort, (delegation) => {
      if (delegation?.kind === 'unsigned' || delegation?.kind === 'not a cut') {
        this.#result.settle(delegation);
      } else this.#ask();
    });
  }

  #ask(): void {
    this.#descent.start(this.#services.startingCut(this.#zone, RRType.DS, this.#effort));
  }

  #arrived(outcome: DescentOutcome): void {
    switch (outcome.kind) {
      case 'failed':
        if (this.#firstBogus !== undefined) this.#settleBogus(this.#firstBogus);
        else {
          const { errors, sentence } = outcome;
          this.#result.settle({ kind: 'unreachable', errors, sentence });
        }
        return;
      case 'ancestor missing': {
        const { security, ttlSeconds } = outcome.denial;
        const expiresAtMs = this.#services.machine.now.cacheMs + ttlSeconds * 1000;
        if (security.status === 'secure') {
          this.#result.settle({ kind: 'not a cut', nameError: true, expiresAtMs });
        } else if (security.status === 'insecure') {
          this.#result.settle({ kind: 'unsigned', security, expiresAtMs });
        } else this.#result.settle({ kind: 'indeterminate', security });
        return;
      }
      case 'reply':
        this.#services.validation.judgeDelegation(
          this.#zone,
          outcome.cut,
          outcome.usable,
          this.#effort,
          (delegation) => this.#judged(delegation, outcome.cut.zone),
        );
    }
  }

  #judged(delegation: CutDelegation | undefined, parent: Name): void {
    if (delegation !== undefined && delegation.kind !== 'bogus') {
      this.#descent.close();
      this.#result.settle(delegation);
      return;
    }
    this.#firstBogus ??=
      delegation?.security ??
      bogus('denial missing', {
        zone: parent,
        owner: this.#zone,
        type: RRType.DS,
      });
    if (!this.#descent.tryOthers()) this.#settleBogus(this.#firstBogus);
  }

  #settleBogus(security: Bogus): void {
    this.#descent.close();
    this.#result.settle({ kind: 'bogus', security });
  }
}

function isDenial(type: number): boolean {
  return type === RRType.NSEC || type === RRType.NSEC3;
}
