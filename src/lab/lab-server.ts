/**
 * One authoritative server: octets in, octets out. EDNS (RFC 6891), truncation and the server's
 * quirks are here; what the zones say is in authority.ts.
 */
import {
  cookieOption,
  decodeMessage,
  EDNS_FLAG_DO,
  type Edns,
  type EdnsOption,
  EdnsOptionCode,
  type EncodableMessage,
  ednsOption,
  encodeMessage,
  extendedErrorOption,
  type IpAddress,
  type Message,
  Name,
  Opcode,
  parseCookie,
  type Question,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../wire/index.js';
import { type Answer, answerQuestion } from './authority.js';
import type { HostedZone } from './hosted-zone.js';
import { asciiOctets } from './octets.js';
import { behaviour, type LabTransport, type ServerBehaviour } from './server-behaviour.js';

export type LabReply =
  | { readonly kind: 'reply'; readonly octets: Uint8Array }
  | { readonly kind: 'silence' }
  /** The host says that nothing listens there. */
  | { readonly kind: 'refused' };

const SILENCE: LabReply = { kind: 'silence' };
const OUR_UDP_OCTETS = 1_232; // RFC 9715 §3
const PLAIN_UDP_OCTETS = 512; // RFC 1035 §4.2.1
const MAX_MESSAGE_OCTETS = 65_535;
const SERVER_COOKIE = asciiOctets('labcooky');

export class LabServer {
  readonly name: Name;
  readonly addresses: readonly IpAddress[];
  readonly behaviours: readonly ServerBehaviour[];
  readonly #zones = new Map<string, HostedZone>();

  constructor(
    name: Name,
    addresses: readonly IpAddress[],
    behaviours: readonly ServerBehaviour[] = [],
  ) {
    this.name = name;
    this.addresses = addresses;
    this.behaviours = behaviours;
  }

  host(zone: HostedZone): void {
    this.#zones.set(zone.origin.key, zone);
  }

  answer(query: Uint8Array, transport: LabTransport, nowSeconds: number): LabReply {
    const closed = behaviour(this.behaviours, 'port closed');
    if (closed !== undefined && (closed.transport ?? transport) === transport) {
      return { kind: 'refused' };
    }
    const silent = behaviour(this.behaviours, 'silent');
    if (silent !== undefined && (silent.transport ?? transport) === transport) return SILENCE;
    const decoded = decodeMessage(query);
    if (!decoded.ok) return formatErrorFor(query);
    const message = decoded.value;
    // RFC 1035 §7.3: a response is not a question, whoever sends it.
    if (message.isResponse) return SILENCE;
    const choking = behaviour(this.behaviours, 'chokes on type');
    if (choking !== undefined && choking.type === message.questions[0]?.type) {
      return choking.shows === 'silence'
        ? SILENCE
        : this.#encode(bare(message, Rcode[choking.shows]), OUR_UDP_OCTETS);
    }
    const edns = behaviour(this.behaviours, 'no EDNS');
    if (edns !== undefined && message.edns !== undefined) {
      if (edns.shows === 'silence') return SILENCE;
      if (edns.shows !== 'plain reply') return this.#encode(bare(message, Rcode[edns.shows]), 512);
    }
    const understood = edns === undefined ? message.edns : undefined;
    return this.#reply(message, understood, transport, nowSeconds);
  }

  #reply(
    query: Message,
    edns: Edns | undefined,
    transport: LabTransport,
    nowSeconds: number,
  ): LabReply {
    const maxOctets = transport === 'tcp' ? MAX_MESSAGE_OCTETS : udpOctets(edns);
    if (transport === 'udp' && behaviour(this.behaviours, 'truncates UDP') !== undefined) {
      const cut = { ...bare(query, Rcode.NOERROR), truncated: true, authoritative: true };
      return this.#encode(this.#withEdns(cut, edns), maxOctets);
    }
    const reply = this.#withEdns(this.#respond(query, edns, transport, nowSeconds), edns);
    const encoded = this.#encode(reply, maxOctets);
    const loses = behaviour(this.behaviours, 'loses large UDP');
    if (transport !== 'udp' || loses === undefined || encoded.kind !== 'reply') return encoded;
    return encoded.octets.length > loses.aboveOctets ? SILENCE : encoded;
  }

  #respond(
    query: Message,
    edns: Edns | undefined,
    transport: LabTransport,
    nowSeconds: number,
  ): EncodableMessage {
    // RFC 6891 §6.1.3
    if (edns !== undefined && edns.version > 0) return bare(query, Rcode.BADVERS);
    if (query.opcode !== Opcode.QUERY) return bare(query, Rcode.NOTIMP);
    const question = query.questions[0];
    if (question === undefined || query.questions.length !== 1) return bare(query, Rcode.FORMERR);
    const fixed = behaviour(this.behaviours, 'fixed rcode');
    if (fixed !== undefined) return bare(query, fixed.rcode);
    // RFC 7873 §5.2.3: a TCP connection shows as much as a cookie does.
    if (transport === 'udp' && this.#wantsCookie(edns)) return bare(query, Rcode.BADCOOKIE);
    if (behaviour(this.behaviours, 'upward referral') !== undefined) return upward(query);
    if (question.class !== RRClass.IN || isTransfer(question.type)) {
      return bare(query, Rcode.REFUSED);
    }
    const ignoresDo = behaviour(this.behaviours, 'ignores DO') !== undefined;
    const dnssecOk = edns?.dnssecOk === true && !ignoresDo;
    const answer = answerQuestion(this.#zones, question, dnssecOk, nowSeconds);
    if (answer === undefined) return bare(query, Rcode.REFUSED);
    return this.#message(query, question, answer);
  }

  #message(query: Message, question: Question, answer: Answer): EncodableMessage {
    const clearsAa = behaviour(this.behaviours, 'clears AA') !== undefined;
    const lowers = behaviour(this.behaviours, 'lower-cases question') !== undefined;
    const { name, type } = question;
    const asked = lowers
      ? { name: Name.fromOctets(name.canonicalOctets())!, type, class: RRClass.IN }
      : question;
    return {
      ...bare(query, answer.rcode),
      questions: [asked],
      authoritative: answer.authoritative && !clearsAa,
      answer: answer.answer,
      authority: answer.authority,
      additional: answer.additional,
    };
  }

  #wantsCookie(edns: Edns | undefined): boolean {
    if (behaviour(this.behaviours, 'requires cookie') === undefined) return false;
    const option = ednsOption(edns, EdnsOptionCode.COOKIE);
    const cookie = option && parseCookie(option.data);
    return cookie !== undefined && cookie.server?.length !== SERVER_COOKIE.length;
  }

  /** RFC 6891 §6.1.1: an OPT record goes into the reply exactly when one was in the query. */
  #withEdns(reply: EncodableMessage, asked: Edns | undefined): EncodableMessage {
    if (asked === undefined) return reply;
    const options: EdnsOption[] = [];
    const cookie = ednsOption(asked, EdnsOptionCode.COOKIE);
    const client = cookie && parseCookie(cookie.data)?.client;
    if (client !== undefined && behaviour(this.behaviours, 'requires cookie') !== undefined) {
      options.push(cookieOption(client, SERVER_COOKIE));
    }
    const extended = behaviour(this.behaviours, 'extended error');
    if (extended !== undefined) options.push(extendedErrorOption(extended));
    const edns: Edns = {
      udpSizeOctets: OUR_UDP_OCTETS,
      version: 0,
      dnssecOk: asked.dnssecOk,
      flags: asked.dnssecOk ? EDNS_FLAG_DO : 0,
      options,
    };
    return { ...reply, edns };
  }

  #encode(reply: EncodableMessage, maxOctets: number): LabReply {
    return { kind: 'reply', octets: encodeMessage(reply, { maxOctets }) };
  }
}

function udpOctets(edns: Edns | undefined): number {
  if (edns === undefined) return PLAIN_UDP_OCTETS;
  // RFC 6891 §6.2.3: values below 512 mean 512.
  return Math.min(OUR_UDP_OCTETS, Math.max(PLAIN_UDP_OCTETS, edns.udpSizeOctets));
}

function isTransfer(type: number): boolean {
  return type === RRType.AXFR || type === RRType.IXFR;
}

/** A reply that carries the question and nothing else. */
function bare(query: Message, rcode: number): EncodableMessage {
  return {
    id: query.id,
    opcode: query.opcode,
    rcode,
    isResponse: true,
    authoritative: false,
    truncated: false,
    recursionDesired: query.recursionDesired,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: query.checkingDisabled,
    questions: query.questions,
    answer: [],
    authority: [],
    additional: [],
  };
}

function upward(query: Message): EncodableMessage {
  const rootServer: ResourceRecord = {
    owner: Name.root,
    type: RRType.NS,
    class: RRClass.IN,
    ttlSeconds: 518_400,
    rdata: Name.fromLabels([asciiOctets('a'), asciiOctets('root-servers')])!.octets,
  };
  return { ...bare(query, Rcode.NOERROR), authority: [rootServer] };
}

/** RFC 1035 §4.1.1 RCODE 1, when the header at least could be read. */
function formatErrorFor(query: Uint8Array): LabReply {
  if (query.length < 12 || (query[2]! & 0x80) !== 0) return SILENCE;
  const octets = new Uint8Array(12);
  octets.set(query.subarray(0, 2));
  octets[2] = 0x80 | (query[2]! & 0x79);
  octets[3] = Rcode.FORMERR;
  return { kind: 'reply', octets };
}
