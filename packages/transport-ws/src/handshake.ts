/**
 * How two nodes come to trust one connection, as a state machine without sockets: it takes frames and decisions and
 * says what to send and what to do next.
 *
 * ```text
 * dialer                                   listener
 *   | ---- hello -------------------------> |  judged; then, if it may stay:
 *   | <------------------------- hello ---- |
 *   |  judged; admitted, durably            |  admitted, durably
 *   | ---- welcome -----------------------> |
 *   | <----------------------- welcome ---- |
 * ```
 *
 * Between nodes that have a token, each proves first that it holds it (see token-proof.ts), and nobody is admitted who
 * did not. The dialer begins, so that a listener gives no proof to strangers:
 *
 * ```text
 *   | ---- hello, nonce ------------------> |  judged
 *   | <------------------ hello, nonce ---- |
 *   |  judged
 *   | ---- proof -------------------------> |  verified; then it admits
 *   | <-------------------------- proof --- |
 *   |  verified; then it admits             |
 * ```
 *
 * Either side may refuse instead of going on. The connection is up for a side that has both sent and received a
 * welcome. A listener keeps silent about itself until the dialer's hello is judged, and both admissions run at once.
 */
import { DecodeError, type HelloRefusal, type Incarnation, type NodeId, type PeerHello } from '@synod/core';
import {
  type Hello,
  openHandshakeFrame,
  printable,
  sealHello,
  sealProof,
  sealRefusal,
  sealWelcome,
  spokenVersions,
} from './handshake-frames.js';

/** Which end of the connection this side is. */
export type HandshakeRole = 'dialer' | 'listener';

/** How one end proves that it holds the cluster's token, and verifies that the other does. */
export interface HandshakeAuthentication {
  /** Random bytes that were never used before. */
  readonly nonce: Uint8Array;
  /**
   * Makes a proof.
   *
   * @param prover - Which end proves.
   * @param dialerHello - The dialer's hello as it stood on the wire.
   * @param listenerHello - The listener's.
   */
  prove(prover: HandshakeRole, dialerHello: Uint8Array, listenerHello: Uint8Array): Uint8Array;
  /**
   * Verifies a proof of the other end.
   *
   * @param prover - Which end proved.
   * @param dialerHello - The dialer's hello as it stood on the wire.
   * @param listenerHello - The listener's.
   * @param proof - What it sent.
   */
  verify(
    prover: HandshakeRole,
    dialerHello: Uint8Array,
    listenerHello: Uint8Array,
    proof: Uint8Array,
  ): boolean;
}

/** What a handshake says and expects. */
export interface HandshakeTerms {
  /** This end. */
  readonly role: HandshakeRole;
  /** This node's cluster. */
  readonly clusterId: string;
  /** This node. */
  readonly id: NodeId;
  /** This node's incarnation. */
  readonly incarnation: Incarnation;
  /** Whom a dialer looks for; unused by a listener. */
  readonly wantedId?: NodeId;
  /** Whether a node is a configured peer. */
  isKnown(id: NodeId): boolean;
  /** Whether the certificate that a dialer showed names a node. Left out where none is asked for. */
  readonly certificateNames?: (id: NodeId) => boolean;
  /** How to prove and verify a token; left out when this node has none. */
  readonly authentication?: HandshakeAuthentication;
}

/** What follows from a frame or a decision. `send` comes first. */
export type HandshakeStep =
  /** Wait for the next frame. */
  | { readonly type: 'wait'; readonly send: readonly Uint8Array[] }
  /** Ask for this peer's admission, then call {@link Handshake.decide}. */
  | { readonly type: 'admit'; readonly send: readonly Uint8Array[]; readonly hello: PeerHello }
  /** The connection is up. */
  | {
      readonly type: 'up';
      readonly send: readonly Uint8Array[];
      readonly peer: NodeId;
      /** The version that both speak from now on: the newest that both know. */
      readonly version: number;
    }
  /** It is over. `peer` is who the other side is, or says it is. */
  | {
      readonly type: 'refused';
      readonly send: readonly Uint8Array[];
      readonly by: 'us' | 'peer';
      readonly peer: NodeId | undefined;
      readonly refusal: HelloRefusal;
    };

const nothing: readonly Uint8Array[] = [];
const noNonce = new Uint8Array(0);

/** The other end's hello, found acceptable by itself. */
interface JudgedHello {
  readonly hello: Hello;
  /** As it stood on the wire. */
  readonly bytes: Uint8Array;
}

/** One connection's handshake. */
export class Handshake {
  readonly #terms: HandshakeTerms;
  /** Who the other side is, or says it is: for messages only. */
  #peer: NodeId | undefined;
  #sentHello: Uint8Array | undefined;
  #judged: JudgedHello | undefined;
  /** Whose admission was asked for. */
  #admissionOf: NodeId | undefined;
  #sentWelcome = false;
  #receivedWelcome = false;
  #refused = false;
  #refusedByPeer = false;

  /** @param terms - What to say and expect. */
  constructor(terms: HandshakeTerms) {
    this.#terms = terms;
    this.#peer = terms.wantedId;
  }

  /** Begins: a dialer's hello, or nothing for a listener. */
  open(): readonly Uint8Array[] {
    const { role, wantedId } = this.#terms;
    return role === 'dialer' && wantedId !== undefined ? [this.#hello(wantedId)] : nothing;
  }

  /**
   * Takes one message of the peer.
   *
   * @param bytes - The message. Never makes it throw.
   */
  receive(bytes: Uint8Array): HandshakeStep {
    try {
      const frame = openHandshakeFrame(bytes);
      switch (frame.type) {
        case 'hello':
          return this.#onHello({ hello: frame.hello, bytes: bytes.slice() });
        case 'proof':
          return this.#onProof(frame.proof);
        case 'welcome':
          return this.#onWelcome();
        case 'refuse':
          return this.#onRefusal(frame.refusal);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#refuse('MALFORMED', error.message);
    }
  }

  /**
   * Takes the decision on the peer that an `admit` step asked for.
   *
   * @param refusal - `undefined` to accept it, or why not.
   */
  decide(refusal: HelloRefusal | undefined): HandshakeStep {
    if (refusal !== undefined) return this.#refuse(refusal.code, refusal.reason);
    if (this.#refused) return { type: 'wait', send: nothing };
    this.#sentWelcome = true;
    return this.#upOrWait([sealWelcome()]);
  }

  #onHello(judged: JudgedHello): HandshakeStep {
    if (this.#refused) return { type: 'wait', send: nothing };
    if (this.#judged !== undefined) return this.#refuse('MALFORMED', 'a second hello came: say hello once');
    const { hello } = judged;
    this.#peer ??= hello.id;
    const refusal = judge(hello, this.#terms);
    if (refusal !== undefined) return this.#refuse(refusal.code, refusal.reason);
    this.#judged = judged;
    const { role, authentication } = this.#terms;
    const send = role === 'listener' ? [this.#hello(hello.id)] : nothing;
    if (authentication === undefined) return this.#admit(hello, send);
    if (role === 'listener') return { type: 'wait', send };
    return { type: 'wait', send: [this.#prove(authentication, judged)] };
  }

  #onProof(proof: Uint8Array): HandshakeStep {
    if (this.#refused) return { type: 'wait', send: nothing };
    const { role, authentication, id } = this.#terms;
    const judged = this.#judged;
    if (judged === undefined || authentication === undefined || this.#admissionOf !== undefined)
      return this.#refuse('MALFORMED', 'a proof came where none is expected');
    const prover = role === 'dialer' ? 'listener' : 'dialer';
    if (!authentication.verify(prover, ...this.#hellos(judged), proof)) {
      const reason = `${judged.hello.id} did not prove to ${id} that it holds the cluster's token: give both the same one`;
      return this.#refuse('UNAUTHENTICATED', reason);
    }
    return this.#admit(judged.hello, role === 'listener' ? [this.#prove(authentication, judged)] : nothing);
  }

  #prove(authentication: HandshakeAuthentication, judged: JudgedHello): Uint8Array {
    return sealProof(authentication.prove(this.#terms.role, ...this.#hellos(judged)));
  }

  /** Both hellos as they stood on the wire, the dialer's first. */
  #hellos({ bytes }: JudgedHello): [Uint8Array, Uint8Array] {
    const sent = this.#sentHello ?? noNonce;
    return this.#terms.role === 'dialer' ? [sent, bytes] : [bytes, sent];
  }

  #admit({ id, incarnation }: Hello, send: readonly Uint8Array[]): HandshakeStep {
    this.#admissionOf = id;
    return { type: 'admit', send, hello: { id, incarnation } };
  }

  #onWelcome(): HandshakeStep {
    if (this.#refused) return { type: 'wait', send: nothing };
    if (this.#admissionOf === undefined)
      return this.#refuse('MALFORMED', 'a welcome came before a hello and, with a token, a proof');
    if (this.#receivedWelcome) return this.#refuse('MALFORMED', 'a second welcome came');
    this.#receivedWelcome = true;
    return this.#upOrWait(nothing);
  }

  #onRefusal(refusal: HelloRefusal): HandshakeStep {
    if (this.#refusedByPeer) return { type: 'wait', send: nothing };
    this.#refusedByPeer = true;
    this.#refused = true;
    return { type: 'refused', send: nothing, by: 'peer', peer: this.#peer, refusal };
  }

  #upOrWait(send: readonly Uint8Array[]): HandshakeStep {
    const peer = this.#admissionOf;
    if (peer === undefined || !this.#sentWelcome || !this.#receivedWelcome) return { type: 'wait', send };
    const theirs = this.#judged?.hello.versions.greatest ?? spokenVersions.least;
    return { type: 'up', send, peer, version: Math.min(theirs, spokenVersions.greatest) };
  }

  #refuse(code: HelloRefusal['code'], reason: string): HandshakeStep {
    if (this.#refused) return { type: 'wait', send: nothing };
    this.#refused = true;
    const refusal = { code, reason };
    return { type: 'refused', send: [sealRefusal(refusal)], by: 'us', peer: this.#peer, refusal };
  }

  #hello(wantedId: NodeId): Uint8Array {
    const { clusterId, id, incarnation, authentication } = this.#terms;
    const nonce = authentication?.nonce ?? noNonce;
    this.#sentHello = sealHello({ versions: spokenVersions, clusterId, id, wantedId, incarnation, nonce });
    return this.#sentHello;
  }
}

/** What can be told from a hello alone, most telling first. */
function judge(hello: Hello, terms: HandshakeTerms): HelloRefusal | undefined {
  const { least, greatest } = spokenVersions;
  if (hello.versions.greatest < least || hello.versions.least > greatest) {
    return {
      code: 'VERSION_MISMATCH',
      reason: `${terms.id} speaks transport versions ${least} to ${greatest}, ${hello.id} speaks ${hello.versions.least} to ${hello.versions.greatest}: upgrade the older one`,
    };
  }
  if (hello.clusterId !== terms.clusterId) {
    return {
      code: 'WRONG_CLUSTER',
      reason: `${terms.id} belongs to cluster "${printable(terms.clusterId)}", ${hello.id} to "${printable(hello.clusterId)}": give both the same cluster id or the right addresses`,
    };
  }
  const other = terms.role === 'dialer' ? judgeListener(hello, terms) : judgeDialer(hello, terms);
  return other ?? judgeToken(hello, terms);
}

/** Both have a token, or neither: a node that asks for none must not be talked to by one that thinks it is safe. */
function judgeToken(hello: Hello, terms: HandshakeTerms): HelloRefusal | undefined {
  const [ours, theirs] = [terms.authentication !== undefined, hello.nonce.length > 0];
  if (ours === theirs) return undefined;
  const [holder, without] = ours ? [terms.id, hello.id] : [hello.id, terms.id];
  return {
    code: 'UNAUTHENTICATED',
    reason: `${holder} has a cluster token and ${without} has none, or is too old to know of one: give all nodes the same token`,
  };
}

function judgeListener(hello: Hello, terms: HandshakeTerms): HelloRefusal | undefined {
  if (hello.id === terms.wantedId && hello.wantedId === terms.id) return undefined;
  return {
    code: 'WRONG_NODE',
    reason: `${terms.id} looked for ${terms.wantedId ?? 'nobody'} at this address and found ${hello.id}: correct the address of ${terms.wantedId ?? 'this peer'}`,
  };
}

function judgeDialer(hello: Hello, terms: HandshakeTerms): HelloRefusal | undefined {
  if (hello.wantedId !== terms.id) {
    return {
      code: 'WRONG_NODE',
      reason: `${hello.id} looked for ${hello.wantedId}, but this is ${terms.id}: correct the address of ${hello.wantedId}`,
    };
  }
  if (!terms.isKnown(hello.id)) {
    return {
      code: 'UNKNOWN_NODE',
      reason: `${hello.id} is not among the peers of ${terms.id}: add it there, or remove ${terms.id} from the peers of ${hello.id}`,
    };
  }
  if (terms.certificateNames?.(hello.id) === false) {
    return {
      code: 'WRONG_CERTIFICATE',
      reason: `the certificate of ${hello.id} does not name ${hello.id}: issue one with the DNS name ${hello.id}`,
    };
  }
  if (hello.id > terms.id) {
    return {
      code: 'MALFORMED',
      reason: `${hello.id} dialed ${terms.id}: of two nodes the one with the smaller id dials`,
    };
  }
  return undefined;
}
