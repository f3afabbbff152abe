/** The part of the peer's interface that the benchmark uses; it ships no types of its own. */
declare module '@markwylde/liferaft' {
  export default class LifeRaft {
    constructor(address: string, options: Record<string, unknown>);
    readonly state: number;
    on(event: 'commit', listener: (command: unknown) => void): this;
    on(event: 'error', listener: (error: unknown) => void): this;
    emit(event: 'data', packet: unknown, answer: (reply: unknown) => void): boolean;
    join(
      address: string,
      write: (packet: unknown, callback: (error: unknown, reply?: unknown) => void) => void,
    ): void;
    command(command: unknown): Promise<void>;
    static readonly LEADER: number;
  }
}
declare module '@markwylde/liferaft/log.js' {
  const Log: unknown;
  export default Log;
}
declare module 'memdown' {
  const memdown: () => unknown;
  export default memdown;
}
