/** One step of an engine, and what it looks like in a recording: messages and commands as hexadecimal bytes. */
import { ByteReader, ByteWriter } from '../bytes.js';
import type { EngineInput, EngineMessage, EngineTiming, MembershipChange, MessageCodec } from '../engine.js';
import { DecodeError, unreachable } from '../errors.js';
import type { NodeId } from '../ids.js';
import { hexOf, type JsonFields } from './json-fields.js';

/** What is done to an engine: an input is stepped, or its effects are taken, which is a decision point of its own. */
export type EngineStep<Message extends EngineMessage> =
  | EngineInput<Message>
  | { readonly type: 'takeEffects' };

/** Where a line of a recording belongs. */
export interface RecordedPlace {
  /** When, in microseconds of the recorder's clock. */
  readonly atUs: number;
  /** Whose engine. */
  readonly node: NodeId;
  /** Which life of the process, from 1. */
  readonly life: number;
}

type StepType = EngineStep<EngineMessage>['type'];

/** Every kind of step; the compiler complains when one is missing here. */
const stepTypes: Readonly<Record<StepType, true>> = {
  tick: true,
  receive: true,
  propose: true,
  read: true,
  saved: true,
  applied: true,
  snapshotSaved: true,
  snapshotSent: true,
  changeMembership: true,
  transferLeadership: true,
  campaign: true,
  forgetLeader: true,
  requestSnapshot: true,
  peerUnreachable: true,
  retime: true,
  takeEffects: true,
};

/** A step as plain JSON. */
export function stepToJson<Message extends EngineMessage>(
  step: EngineStep<Message>,
  codec: MessageCodec<Message>,
): object {
  if (step.type === 'receive') {
    const writer = new ByteWriter();
    codec.encode(step.message, writer);
    const { from, to } = step.message;
    return { type: 'receive', from, to, bytes: hexOf(writer.take()) };
  }
  if (step.type !== 'propose') return step;
  const commands = step.commands.map(({ proposal, data }) => ({ proposal, data: hexOf(data) }));
  return { type: 'propose', commands };
}

/** Reads what {@link stepToJson} gave. A field that this version does not know is refused: the step would be another. */
export function stepFromJson<Message extends EngineMessage>(
  fields: JsonFields,
  codec: MessageCodec<Message>,
): EngineStep<Message> {
  const step = readStep(fields, codec);
  fields.end();
  return step;
}

function readStep<Message extends EngineMessage>(
  fields: JsonFields,
  codec: MessageCodec<Message>,
): EngineStep<Message> {
  const type = fields.text('type');
  if (!isStepType(type)) throw new DecodeError(`${JSON.stringify(type)} is no kind of step`);
  switch (type) {
    case 'tick':
      return fields.has('missed') ? { type, missed: fields.integer('missed') } : { type };
    case 'campaign':
    case 'forgetLeader':
    case 'requestSnapshot':
    case 'takeEffects':
      return { type };
    case 'receive':
      return { type, message: readMessage(fields, codec) };
    case 'propose':
      return { type, commands: fields.list('commands').map(readCommand) };
    case 'read': {
      const mode = fields.text('mode');
      if (mode !== 'index' && mode !== 'lease' && mode !== 'quorum')
        throw new DecodeError(`${mode} is no mode of reading`);
      return { type, context: fields.integer('context'), mode };
    }
    case 'saved': {
      const receipt = fields.object('receipt');
      const last = receipt.has('last') ? receipt.object('last').position() : undefined;
      return { type, receipt: { sequence: receipt.integer('sequence'), last } };
    }
    case 'applied':
      return { type, through: fields.integer('through') };
    case 'snapshotSaved':
      return { type, meta: fields.object('meta').snapshotMeta() };
    case 'snapshotSent':
      return { type, peer: fields.nodeId('peer'), delivered: fields.flag('delivered') };
    case 'changeMembership':
      return { type, change: readChange(fields.object('change')), proposal: fields.integer('proposal') };
    case 'transferLeadership':
      return fields.has('to') ? { type, to: fields.nodeId('to') } : { type };
    case 'peerUnreachable':
      return { type, peer: fields.nodeId('peer') };
    case 'retime':
      return { type, timing: readTiming(fields.object('timing')) };
    default:
      return unreachable(type);
  }
}

function isStepType(type: string): type is StepType {
  return Object.hasOwn(stepTypes, type);
}

function readMessage<Message extends EngineMessage>(
  fields: JsonFields,
  codec: MessageCodec<Message>,
): Message {
  const reader = new ByteReader(fields.bytes('bytes'));
  const message = codec.decode(reader, fields.nodeId('from'), fields.nodeId('to'));
  reader.end();
  return message;
}

function readChange(fields: JsonFields): MembershipChange {
  const target = fields.object('target').membership();
  const change = {
    target,
    ...(fields.has('admitLagging') ? { admitLagging: fields.flag('admitLagging') } : {}),
    ...(fields.has('ifMembershipIndex') ? { ifMembershipIndex: fields.integer('ifMembershipIndex') } : {}),
  };
  fields.end();
  return change;
}

function readTiming(fields: JsonFields): EngineTiming {
  const timing = {
    ...(fields.has('electionTicks') ? { electionTicks: fields.number('electionTicks') } : {}),
    ...(fields.has('heartbeatTicks') ? { heartbeatTicks: fields.number('heartbeatTicks') } : {}),
  };
  fields.end();
  return timing;
}

function readCommand(fields: JsonFields) {
  return { proposal: fields.integer('proposal'), data: fields.bytes('data') };
}
