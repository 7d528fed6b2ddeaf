/**
 * A case as plain data, so that it can be printed, shrunk and replayed: a small Internet, what is
 * asked, and what the attacker does to which reply.
 */
export interface ZonePlan {
  /** Absolute name. */
  readonly origin: string;
  /** Absent: not signed. */
  readonly algorithms?: readonly number[];
  readonly split?: boolean;
  readonly denial?: 'NSEC' | 'NSEC3' | 'opt-out' | 'compact';
  readonly iterations?: number;
  readonly salt?: readonly number[];
  readonly digestType?: number;
  /** Whether the parent has a DS RRset for it; yes unless told. */
  readonly hasDs?: boolean;
  /** Seconds that signatures live. */
  readonly lifetimeSeconds?: number;
  /** The second set of keys is published, signs too, is unfit to, and its owner lost it. */
  readonly leaked?: LeakedKeys;
  /** The origin of the zone whose servers serve this one as well. */
  readonly servedWith?: string;
  /** Master-file lines. */
  readonly lines: readonly string[];
  /** What the lines were two months ago, and will be in two: signed then. */
  readonly otherLines: readonly string[];
  /** Same names and types, other data: what the lines become when the world changes. */
  readonly nextLines?: readonly string[];
  /**
   * Two sets of keys, both published and vouched for, of which one signs: RFC 8901 §2.1.2 for two
   * providers beside each other, RFC 6781 §4.1 for one set after the other.
   */
  readonly twoSigners?: boolean;
}

/** Why keys that were published do not count: RFC 5011 §2.1, RFC 4034 §2.1.1 and §2.1.2. */
export type LeakedKeys = 'revoked' | 'no zone key' | 'other protocol';

export interface WorldPlan {
  readonly zones: readonly ZonePlan[];
  /** Origins of zones that belong to the attacker: he has their keys. */
  readonly evil: readonly string[];
  /** His too, and unsigned: what he says there is never secure. */
  readonly liars?: readonly string[];
  /**
   * `after`: at some moment zones change their data and roll their keys. `beside`: every zone with
   * two signers has two servers, each with the signatures of one.
   */
  readonly second?: 'after' | 'beside';
  readonly changeAfterSeconds?: number;
  /** Origins of zones whose second server has an old copy with signatures that are over. */
  readonly stale?: readonly string[];
  /** Two months ago, and in two, all keys are others; the attacker has those that were. */
  readonly otherKeys?: boolean;
  /** Zones with a trust anchor of their own. */
  readonly islands: readonly string[];
  readonly negativeAnchors: readonly string[];
}

export interface QuestionPlan {
  readonly name: string;
  readonly type: string;
  readonly cd?: boolean;
  /** Virtual time that passes before it is asked. */
  readonly afterSeconds?: number;
  /** The next question is asked before this one is answered. */
  readonly together?: boolean;
  /** What else the client says; without either it gets no AD bit. */
  readonly dnssecOk?: boolean;
  readonly wantsAd?: boolean;
}

export interface Move {
  readonly operator: string;
  readonly seed: number;
}

export interface Tampering {
  /** The question whose reply is touched, and which asking of it: `name type #n`. */
  readonly reply: string;
  readonly moves: readonly Move[];
}

export type Minimisation = 'relaxed' | 'strict' | 'off';

export interface Case {
  readonly seed: number;
  readonly world: WorldPlan;
  readonly minimisation: Minimisation;
  /** He sits at his own servers only: all that others say is untouched, signed or not. */
  readonly ownServersOnly?: boolean;
  /** When he has gone and every TTL is over, all must be well. */
  readonly aftermath?: boolean;
  readonly questions: readonly QuestionPlan[];
  readonly tampering: readonly Tampering[];
}
