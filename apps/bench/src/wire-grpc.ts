/** gRPC on @grpc/grpc-js: one bidirectional stream of byte messages, without protocol buffers. */
import {
  type ClientDuplexStream,
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import type { OnMessage, Wire, WireKind } from './wire.js';

const bytes = {
  serialize: (message: Uint8Array): Buffer => Buffer.from(message.buffer, message.byteOffset, message.length),
  deserialize: (message: Buffer): Buffer => message,
};

const service: ServiceDefinition = {
  exchange: {
    path: '/bench.Wire/Exchange',
    requestStream: true,
    responseStream: true,
    requestSerialize: bytes.serialize,
    requestDeserialize: bytes.deserialize,
    responseSerialize: bytes.serialize,
    responseDeserialize: bytes.deserialize,
  },
};

/** One gRPC stream. */
export const grpcWire: WireKind = {
  async listen(onMessage) {
    const server = new Server();
    server.addService(service, {
      exchange: (stream: ServerDuplexStream<Uint8Array, Uint8Array>) => {
        attach(stream, onMessage);
      },
    });
    return new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
  },
  async dial(port, onMessage) {
    const Client = makeGenericClientConstructor(service, 'Wire');
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    await new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + 10_000, (error) => (error === undefined ? resolve() : reject(error)));
    });
    const exchange: unknown = client.exchange;
    if (typeof exchange !== 'function') throw new Error('the client has no method exchange');
    return attach(exchange.call(client) as ClientDuplexStream<Uint8Array, Uint8Array>, onMessage);
  },
};

function attach(
  stream: ServerDuplexStream<Uint8Array, Uint8Array> | ClientDuplexStream<Uint8Array, Uint8Array>,
  onMessage: OnMessage,
): Wire {
  const wire: Wire = {
    send: (message) => stream.write(message),
    room: () => new Promise((resolve) => stream.once('drain', resolve)),
  };
  stream.on('data', (message: Buffer) => onMessage(message, wire));
  stream.on('error', () => {});
  return wire;
}
