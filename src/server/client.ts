/** Clients as the front sees them, and what the front wants done about their requests. */
import type { ResolverEvent, Transport } from '../resolver/index.js';
import type { IpAddress, Name } from '../wire/index.js';

/** Who asks. Over TCP one value stands for the whole connection. */
export interface Client {
  readonly address: IpAddress;
  readonly port: number;
  readonly transport: Transport;
}

export type ServerEffect<C extends Client> =
  | { readonly kind: 'reply'; readonly client: C; readonly octets: Uint8Array }
  /** The client gets nothing for this request. */
  | { readonly kind: 'silence'; readonly client: C; readonly why: SilenceReason }
  | {
      readonly kind: 'resolve';
      readonly event: Extract<ResolverEvent, { kind: 'question' | 'cancelled' }>;
    }
  | { readonly kind: 'report'; readonly report: ServerReport };

export type SilenceReason =
  | 'too short'
  | 'response'
  | 'may not ask'
  | 'port of another service'
  | 'repeated'
  | 'too many waiting';

export type ServerReport =
  | {
      readonly kind: 'answered';
      readonly client: Client;
      readonly name: Name;
      readonly type: number;
      readonly rcode: number;
      readonly security: string;
      readonly authenticData: boolean;
      readonly fromCache: boolean;
      readonly tookMs: number;
      readonly sizeOctets: number;
    }
  | {
      readonly kind: 'displaced';
      readonly name: Name;
      readonly type: number;
      readonly ageMs: number;
    }
  | { readonly kind: 'internal error'; readonly sentence: string };
