/** The acceptor of one register, and its state as bytes. */
import { ByteReader, ByteWriter, DecodeError, type Term } from '@synod/core';
import { readRegisterVote, writeRegisterVote } from './codec.js';
import type { RegisterVote } from './messages.js';

const formatVersion = 1;

/** What it answers must be durable before the answer leaves. */
export class RegisterAcceptor {
  /** Highest ballot promised; 0 for none. It never falls. */
  promised: Term = 0;
  /** The last vote. */
  vote: RegisterVote | undefined;

  /** Phase 1: tells whether the ballot is promised. */
  prepare(ballot: Term): boolean {
    if (ballot < this.promised) return false;
    this.promised = ballot;
    return true;
  }

  /**
   * Phase 2, with phase 1 of the next ballot: tells whether the vote is given. A repeated request is granted again, even
   * though the next ballot was promised since, as long as the vote is the last one.
   */
  accept(ballot: Term, value: Uint8Array | undefined, next: Term): boolean {
    if (this.vote?.ballot === ballot) return true;
    if (ballot < this.promised) return false;
    this.vote = { ballot, value };
    this.promised = Math.max(ballot, next);
    return true;
  }

  encode(): Uint8Array {
    const writer = new ByteWriter(64);
    writer.u8(formatVersion);
    writer.varint(this.promised);
    writeRegisterVote(writer, this.vote);
    return writer.copy();
  }

  /** @throws DecodeError when the bytes are no state of a known version. */
  static decode(state: Uint8Array): RegisterAcceptor {
    const reader = new ByteReader(state);
    const version = reader.u8();
    if (version !== formatVersion) {
      throw new DecodeError(
        `register state has format version ${version}: this release reads version ${formatVersion}`,
      );
    }
    const acceptor = new RegisterAcceptor();
    acceptor.promised = reader.varint();
    acceptor.vote = readRegisterVote(reader);
    reader.end();
    return acceptor;
  }
}
