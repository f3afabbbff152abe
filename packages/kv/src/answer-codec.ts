/** A session's remembered answer as bytes, for snapshots. The numbers are on disk: append, never change. */
import { type ByteReader, type ByteWriter, DecodeError, unreachable } from '@synod/core';
import { nestingDepthMax, operationTypes } from './command-format.js';
import type { KeyValue } from './key-value.js';
import type { KvLimits } from './limits.js';
import { refusalCodes, refusalReason } from './refusal.js';
import type { OperationResponse } from './result.js';
import type { Answer } from './session-table.js';

const answerKinds = { none: 0, refused: 1, transaction: 2 } as const;

// What one response and one key in it cost beside their bytes, for the bound on what a session remembers.
const responseCost = 16;
const keyCost = 48;

/** The answer as a session keeps it: without its responses if they are larger than allowed. */
export function answerToKeep(answer: Answer, bytesMax: number): Answer {
  if (answer.type === 'refused' || answer.responses.length === 0) return answer;
  if (costOf(answer.responses) <= bytesMax) return answer;
  const { type, succeeded, revision } = answer;
  return { type, succeeded, revision, responses: [], responsesOmitted: true };
}

/** Writes an answer, or that there is none. */
export function writeAnswer(writer: ByteWriter, answer: Answer | undefined): void {
  if (answer === undefined) {
    writer.u8(answerKinds.none);
  } else if (answer.type === 'refused') {
    writer.u8(answerKinds.refused);
    writer.u8(refusalCodes.indexOf(answer.code));
  } else {
    writer.u8(answerKinds.transaction);
    writer.boolean(answer.succeeded);
    writer.varint(answer.revision);
    writer.boolean(answer.responsesOmitted);
    writeResponses(writer, answer.responses);
  }
}

/** Reads what {@link writeAnswer} wrote. Keys and values are copied out of the source. */
export function readAnswer(reader: ByteReader, limits: KvLimits): Answer | undefined {
  const kind = reader.u8();
  switch (kind) {
    case answerKinds.none:
      return undefined;
    case answerKinds.refused: {
      const code = refusalCodes[reader.u8()];
      if (code === undefined) throw new DecodeError('a refusal code is unknown');
      return { type: 'refused', code, reason: refusalReason(code, limits) };
    }
    case answerKinds.transaction: {
      const succeeded = reader.boolean();
      const revision = reader.varint();
      const responsesOmitted = reader.boolean();
      const responses = readResponses(reader, 1);
      return { type: 'transaction', succeeded, revision, responses, responsesOmitted };
    }
    default:
      throw new DecodeError(`answer kind ${kind} is unknown`);
  }
}

/** Writes a key with all that belongs to it. */
export function writeKeyValue(writer: ByteWriter, kv: KeyValue): void {
  writer.bytes(kv.key);
  writer.varint(kv.createRevision);
  writer.varint(kv.modRevision);
  writer.varint(kv.version);
  writer.varint(kv.lease);
  writer.bytes(kv.value);
}

/** Reads what {@link writeKeyValue} wrote, copied out of the source. */
export function readKeyValue(reader: ByteReader): KeyValue {
  const key = reader.bytes().slice();
  const createRevision = reader.varint();
  const modRevision = reader.varint();
  const version = reader.varint();
  const lease = reader.varint();
  return { key, value: reader.bytes().slice(), createRevision, modRevision, version, lease };
}

function writeResponses(writer: ByteWriter, responses: readonly OperationResponse[]): void {
  writer.varint(responses.length);
  for (const response of responses) writeResponse(writer, response);
}

function writeResponse(writer: ByteWriter, response: OperationResponse): void {
  writer.u8(operationTypes[response.type]);
  writer.varint(response.revision);
  switch (response.type) {
    case 'put':
      writeKeyValues(writer, response.prevKv === undefined ? [] : [response.prevKv]);
      return;
    case 'deleteRange':
      writer.varint(response.deleted);
      writeKeyValues(writer, response.prevKvs);
      return;
    case 'range':
      writer.varint(response.count);
      writer.boolean(response.more);
      writeKeyValues(writer, response.kvs);
      return;
    case 'transaction':
      writer.boolean(response.succeeded);
      writeResponses(writer, response.responses);
      return;
    default:
      unreachable(response);
  }
}

function readResponses(reader: ByteReader, depth: number): readonly OperationResponse[] {
  if (depth > nestingDepthMax)
    throw new DecodeError(`responses are nested more than ${nestingDepthMax} deep`);
  const responses: OperationResponse[] = [];
  for (let left = reader.count(reader.remaining, 'responses'); left > 0; left--) {
    responses.push(readResponse(reader, depth));
  }
  return responses;
}

function readResponse(reader: ByteReader, depth: number): OperationResponse {
  const type = reader.u8();
  const revision = reader.varint();
  switch (type) {
    case operationTypes.put: {
      const [prevKv] = readKeyValues(reader);
      return { type: 'put', revision, prevKv };
    }
    case operationTypes.deleteRange:
      return { type: 'deleteRange', revision, deleted: reader.varint(), prevKvs: readKeyValues(reader) };
    case operationTypes.range: {
      const count = reader.varint();
      const more = reader.boolean();
      return { type: 'range', revision, kvs: readKeyValues(reader), more, count };
    }
    case operationTypes.transaction: {
      const succeeded = reader.boolean();
      return { type: 'transaction', revision, succeeded, responses: readResponses(reader, depth + 1) };
    }
    default:
      throw new DecodeError(`response type ${type} is unknown`);
  }
}

function writeKeyValues(writer: ByteWriter, kvs: readonly KeyValue[]): void {
  writer.varint(kvs.length);
  for (const kv of kvs) writeKeyValue(writer, kv);
}

function readKeyValues(reader: ByteReader): readonly KeyValue[] {
  const kvs: KeyValue[] = [];
  for (let left = reader.count(reader.remaining, 'keys'); left > 0; left--) kvs.push(readKeyValue(reader));
  return kvs;
}

function costOf(responses: readonly OperationResponse[]): number {
  let cost = 0;
  for (const response of responses) {
    cost += responseCost;
    if (response.type === 'transaction') cost += costOf(response.responses);
    else for (const kv of keysOf(response)) cost += keyCost + kv.key.length + kv.value.length;
  }
  return cost;
}

function keysOf(response: Exclude<OperationResponse, { type: 'transaction' }>): readonly KeyValue[] {
  if (response.type === 'put') return response.prevKv === undefined ? [] : [response.prevKv];
  return response.type === 'range' ? response.kvs : response.prevKvs;
}
