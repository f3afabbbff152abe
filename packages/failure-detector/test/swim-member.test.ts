import { InvalidArgumentError, Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import {
  encodeSwimMessage,
  type MemberUpdate,
  type SwimEffects,
  type SwimInput,
  SwimMember,
  type SwimMessage,
  type SwimOptions,
} from '../src/index.js';

type Settings = Omit<SwimOptions, 'id' | 'address' | 'random'>;

const alive = (id: string, incarnation = 0): MemberUpdate => {
  return { id, address: `${id}:1`, state: 'alive', incarnation, by: id };
};
const accused = (id: string, state: 'suspect' | 'dead', incarnation = 0, by = 'b'): MemberUpdate => {
  return { id, address: `${id}:1`, state, incarnation, by };
};

/** Member `a` among b, c, d and e, at its desk: its clock stands in the test's hand. */
class Desk {
  readonly member: SwimMember;
  now = 0;

  constructor(settings: Settings = {}, others = 'bcde') {
    const knownMembers = ['a', ...others].map((id) => ({ id, address: `${id}:1` }));
    const options = {
      id: 'a',
      address: 'a:1',
      random: new Random(3),
      knownMembers,
      syncEveryMs: 0,
      ...settings,
    };
    this.member = new SwimMember(options, 0);
  }

  step(input: SwimInput): SwimEffects {
    return this.member.step(input);
  }

  hear(message: SwimMessage, address = `${message.from}:1`): SwimEffects {
    return this.step({ type: 'receive', now: this.now, message, address });
  }

  news(...updates: MemberUpdate[]): SwimEffects {
    return this.hear({ type: 'gossip', from: 'b', updates });
  }

  /** Lets time pass, waking it when it wants; its pings are answered, or nobody is there. */
  pass(ms: number, isAnswered = false): SwimEffects {
    const endMs = this.now + ms;
    const all: { send: SwimEffects['send'][number][]; events: SwimEffects['events'][number][] } = {
      send: [],
      events: [],
    };
    while (this.member.wakeAtMs() <= endMs) {
      this.now = this.member.wakeAtMs();
      const { send, events } = this.step({ type: 'tick', now: this.now });
      all.send.push(...send);
      all.events.push(...events);
      for (const { message } of isAnswered ? send : []) {
        if (message.type !== 'ping') continue;
        const { sequence, target } = message;
        this.hear({ type: 'ack', from: target, sequence, target, updates: [] });
      }
    }
    this.now = endMs;
    return all;
  }

  /** Until it pings somebody. */
  nextPing(): Extract<SwimMessage, { type: 'ping' }> {
    for (let tries = 0; tries < 100; tries++) {
      const [first] = this.pass(10).send.flatMap(({ message }) => (message.type === 'ping' ? [message] : []));
      if (first !== undefined) return first;
    }
    throw new Error('it pings nobody');
  }

  of(id: string) {
    return this.member.status().members.find((member) => member.id === id);
  }
}

const types = ({ send }: SwimEffects) => send.map(({ message }) => message.type);

describe('a probe', () => {
  it('that is answered finds the member alive, and how far it is', () => {
    const desk = new Desk();
    const { target, sequence } = desk.nextPing();
    desk.pass(3);
    desk.hear({ type: 'ack', from: target, sequence, target, updates: [] });
    desk.pass(600);
    expect(desk.of(target)).toMatchObject({ state: 'alive', link: { reach: 'direct' } });
    expect(desk.of(target)?.link.roundTripMs).toBeLessThan(20);
  });

  it('that is not asks three others, then suspects, and says so to all', () => {
    const desk = new Desk();
    const { target, sequence } = desk.nextPing();
    const asked = desk.pass(500).send;
    expect(asked.map(({ message }) => message)).toEqual(
      asked.map(() => expect.objectContaining({ type: 'pingRequest', from: 'a', sequence, target })),
    );
    expect(new Set(asked.map(({ address }) => address)).size).toBe(3);
    expect(asked.map(({ address }) => address)).not.toContain(`${target}:1`);
    const { events, send } = desk.pass(500);
    expect(events).toContainEqual({
      type: 'suspected',
      member: target,
      incarnation: 0,
      by: 'a',
      reason: 'it answered neither this member nor those asked to ping it',
    });
    expect(send.at(-1)?.message.updates).toContainEqual(accused(target, 'suspect', 0, 'a'));
    expect(desk.of(target)).toMatchObject({ state: 'suspect', accusers: ['a'], link: { reach: 'none' } });
  });

  it('that only others reach tells of a broken link, and suspects nobody', () => {
    const desk = new Desk();
    const { target, sequence } = desk.nextPing();
    const [request] = desk.pass(500).send;
    const through = request?.address.slice(0, 1) ?? '';
    const { events } = desk.hear({ type: 'ack', from: through, sequence, target, updates: [] });
    expect(events).toContainEqual({ type: 'linkBroken', member: target, through });
    desk.pass(400);
    expect(desk.of(target)).toMatchObject({ state: 'alive', link: { reach: 'indirect' } });
  });

  it('takes no answer from who was not asked, nor to another question', () => {
    const desk = new Desk({ indirectPeers: 1 });
    const { target, sequence } = desk.nextPing();
    const [request] = desk.pass(500).send;
    const stranger = ['b', 'c', 'd', 'e'].find((id) => id !== target && request?.address !== `${id}:1`) ?? '';
    desk.hear({ type: 'ack', from: stranger, sequence, target, updates: [] });
    desk.hear({ type: 'ack', from: target, sequence: sequence + 1, target, updates: [] });
    desk.pass(500);
    expect(desk.of(target)?.state).toBe('suspect');
  });

  it('looked at too late asks others all the same, before it suspects', () => {
    const desk = new Desk();
    const { target } = desk.nextPing();
    desk.now += 5000;
    expect(types(desk.step({ type: 'tick', now: desk.now }))).toEqual([
      'pingRequest',
      'pingRequest',
      'pingRequest',
    ]);
    expect(desk.of(target)?.state).toBe('alive');
    desk.pass(499);
    expect(desk.of(target)?.state).toBe('alive');
    desk.pass(2);
    expect(desk.of(target)?.state).toBe('suspect');
  });

  it('goes on in time when the clock is set back by an hour', () => {
    const desk = new Desk();
    const { target } = desk.nextPing();
    const set = desk.now - 3_600_000;
    expect(desk.step({ type: 'tick', now: set })).toEqual({ send: [], events: [] });
    expect(desk.member.wakeAtMs()).toBeGreaterThan(set);
    expect(desk.member.wakeAtMs()).toBeLessThanOrEqual(set + 501);
    desk.now = set;
    desk.pass(1001);
    expect(desk.of(target)?.state).toBe('suspect');
  });

  it('waits as much longer as this process stood still', () => {
    const desk = new Desk();
    const { target } = desk.nextPing();
    desk.now += 5000;
    const { send, events } = desk.step({ type: 'tick', now: desk.now, pausedMs: 5000 });
    expect(send).toEqual([]);
    expect(events).toMatchObject([{ type: 'healthChanged', score: 1 }]);
    desk.pass(480);
    expect(desk.of(target)?.state).toBe('alive');
  });
});

describe('a ping', () => {
  const ping = { type: 'ping', from: 'b', sequence: 5, updates: [] } as const;

  it('is answered, to where it came from', () => {
    const { send } = new Desk().hear({ ...ping, target: 'a' }, 'elsewhere:9');
    expect(send).toMatchObject([
      { address: 'elsewhere:9', message: { type: 'ack', from: 'a', sequence: 5, target: 'a' } },
    ]);
  });

  it('for another member, who was at this address before, is not', () => {
    expect(new Desk().hear({ ...ping, target: 'z' }).send).toEqual([]);
  });

  it('for another is passed on, and so is the answer', () => {
    const desk = new Desk();
    const { send } = desk.hear({ type: 'pingRequest', from: 'b', sequence: 5, target: 'c', updates: [] });
    expect(send).toMatchObject([{ address: 'c:1', message: { type: 'ping', target: 'c' } }]);
    const [relayed] = send.flatMap(({ message }) => (message.type === 'ping' ? [message.sequence] : []));
    const answer = desk.hear({ type: 'ack', from: 'c', sequence: relayed ?? 0, target: 'c', updates: [] });
    expect(answer.send).toMatchObject([
      { address: 'b:1', message: { type: 'ack', sequence: 5, target: 'c' } },
    ]);
  });

  it('for a silent one is answered by a nack at four fifths of the time, once', () => {
    const desk = new Desk({}, 'bc');
    desk.hear({ type: 'pingRequest', from: 'b', sequence: 5, target: 'c', updates: [] });
    const nacks = (effects: SwimEffects) => effects.send.filter(({ message }) => message.type === 'nack');
    expect(nacks(desk.pass(399))).toEqual([]);
    expect(nacks(desk.pass(2))).toMatchObject([{ address: 'b:1', message: { sequence: 5, target: 'c' } }]);
    expect(nacks(desk.pass(3000))).toEqual([]);
  });

  it('for somebody unknown goes nowhere: nobody chooses whom this member sends to', () => {
    const { send } = new Desk().hear({
      type: 'pingRequest',
      from: 'b',
      sequence: 5,
      target: 'z',
      updates: [],
    });
    expect(send).toMatchObject([{ address: 'b:1', message: { type: 'nack', sequence: 5, target: 'z' } }]);
  });

  it('from a stranger is answered, and asks who it is, once a period', () => {
    const desk = new Desk();
    const stranger = { ...ping, from: 'z', target: 'a' };
    expect(types(desk.hear(stranger))).toEqual(['ack', 'sync']);
    expect(types(desk.hear(stranger))).toEqual(['ack']);
  });
});

describe('a suspicion', () => {
  it('runs out after the longest time when one member alone has it', () => {
    const desk = new Desk({ localHealthMax: 0 }, 'bcdefghij');
    desk.news(accused('c', 'suspect'));
    desk.pass(23_999, true);
    expect(desk.of('c')?.state).toBe('suspect');
    const { events } = desk.pass(1, true);
    const died = events.find((event) => event.type === 'died' && event.member === 'c');
    expect(died).toMatchObject({ by: 'a', incarnation: 0 });
  });

  it('runs out soon when three more confirm it, and the dead one is known by all its accusers', () => {
    const desk = new Desk({ localHealthMax: 0 }, 'bcdefghij');
    desk.news(...['b', 'd', 'e', 'f', 'f'].map((by) => accused('c', 'suspect', 0, by)));
    const events = desk
      .pass(4000, true)
      .events.filter((event) => event.type === 'died' && event.member === 'c');
    expect(events).toMatchObject([
      { accusers: ['b', 'd', 'e', 'f'], reason: 'it did not refute the suspicion of b, d, e, f in time' },
    ]);
  });

  it('is over when the member refutes it in a later incarnation, and not by an earlier word', () => {
    const desk = new Desk();
    desk.news(accused('c', 'suspect', 3));
    expect(desk.news(alive('c', 3)).events).toEqual([]);
    expect(desk.news(alive('c', 4)).events).toEqual([{ type: 'refuted', member: 'c', incarnation: 4 }]);
    expect(desk.of('c')).toMatchObject({ state: 'alive', incarnation: 4, accusers: [] });
  });

  it('is none without a time to refute: the member is dead at once', () => {
    const desk = new Desk({ suspicionMultiplier: 0 });
    const { target } = desk.nextPing();
    const died = desk.pass(1000).events.find(({ type }) => type === 'died');
    const reason = 'it did not answer, and no time to refute is set';
    expect(died).toMatchObject({ member: target, by: 'a', accusers: [], reason });
  });

  it('is told to the suspect first of all (buddy system), unless that is off', () => {
    for (const buddySystem of [true, false]) {
      const desk = new Desk({ buddySystem });
      desk.news(accused('c', 'suspect'));
      // Sent often enough to be no news any more.
      for (let sent = 0; sent < 20; sent++)
        desk.hear({ type: 'ping', from: 'b', sequence: sent, target: 'a', updates: [] });
      const { send } = desk.hear({ type: 'ping', from: 'c', sequence: 9, target: 'a', updates: [] });
      expect(send[0]?.message.updates).toEqual(buddySystem ? [accused('c', 'suspect')] : []);
    }
  });
});

describe('this member itself, accused', () => {
  it.each(['suspect', 'dead'] as const)(
    'of being %s, answers in a later incarnation on the very next message',
    (state) => {
      const desk = new Desk();
      const ping = {
        type: 'ping',
        from: 'b',
        sequence: 1,
        target: 'a',
        updates: [accused('a', state, 6)],
      } as const;
      const { send, events } = desk.hear(ping);
      expect(send[0]?.message.updates).toContainEqual(alive('a', 7));
      expect(events).toContainEqual({ type: 'accused', by: 'b', as: state, incarnation: 7 });
      expect(desk.member.status()).toMatchObject({ incarnation: 7, healthScore: 1 });
    },
  );

  it('in an incarnation that is past, has answered already', () => {
    const desk = new Desk({ incarnation: 5 });
    expect(desk.news(accused('a', 'dead', 4)).events).toEqual([]);
    expect(desk.member.status().incarnation).toBe(5);
  });

  it('tells a member that it takes for dead, so that it can refute, and does not probe it', () => {
    const desk = new Desk({}, 'bc');
    desk.news(accused('c', 'dead'));
    expect(types(desk.pass(20_000)).filter((type) => type === 'ping')).not.toHaveLength(0);
    const { send } = desk.hear({ type: 'ping', from: 'c', sequence: 1, target: 'a', updates: [] });
    expect(send[0]?.message.updates).toContainEqual(accused('c', 'dead'));
    expect(desk.news(alive('c', 1)).events).toEqual([
      { type: 'returned', member: 'c', incarnation: 1, from: 'dead' },
    ]);
  });
});

describe('coming and going', () => {
  it('joins by any address, asks again each period until somebody answers, and learns all who are there', () => {
    const member = new SwimMember({ id: 'a', address: 'a:1', random: new Random(1), syncEveryMs: 0 }, 0);
    const join = { type: 'join', now: 0, addresses: ['a:1', 'x:1', 'y:1'] } as const;
    expect(member.step(join).send.map(({ address }) => address)).toEqual(['x:1', 'y:1']);
    expect(member.step({ type: 'tick', now: 1000 }).send).toMatchObject([
      { address: 'x:1' },
      { address: 'y:1' },
    ]);
    const message = {
      type: 'sync',
      from: 'x',
      wantsReply: false,
      updates: [alive('x'), alive('z')],
    } as const;
    member.step({ type: 'receive', now: 1100, message, address: 'x:1' });
    expect(member.status().members.map(({ id }) => id)).toEqual(['x', 'z']);
    expect(types(member.step({ type: 'tick', now: 2000 }))).not.toContain('sync');
  });

  it('answers who asks with all that it knows, in messages of the size that is set', () => {
    const others = Array.from({ length: 200 }, (_, number) => `member-${number}`);
    const desk = new Desk({ messageBytesMax: 1000 });
    desk.news(...others.map((id) => alive(id)));
    const { send } = desk.hear({ type: 'sync', from: 'b', wantsReply: true, updates: [] });
    const told = send.flatMap(({ message }) => message.updates.map(({ id }) => id));
    expect(told.sort()).toEqual(['a', 'b', 'c', 'd', 'e', ...others].sort());
    expect(send.every(({ message }) => encodeSwimMessage(message).length <= 1000)).toBe(true);
    expect(send.every(({ message }) => message.type === 'sync' && !message.wantsReply)).toBe(true);
  });

  it('answers no flood of such questions', () => {
    const desk = new Desk();
    const sync = { type: 'sync', from: 'b', wantsReply: true, updates: [] } as const;
    const answers = Array.from({ length: 100 }, () => desk.hear(sync).send.length);
    expect(answers.reduce((sum, one) => sum + one)).toBe(16);
  });

  it('says goodbye to enough others, and nothing after it; they know that it left', () => {
    const desk = new Desk();
    const { send } = desk.step({ type: 'leave', now: 0 });
    expect(send.map(({ address }) => address).sort()).toEqual(['b:1', 'c:1', 'd:1', 'e:1']);
    expect(send[0]?.message.updates).toEqual([{ ...alive('a'), state: 'left' }]);
    expect(desk.hear({ type: 'ping', from: 'b', sequence: 1, target: 'a', updates: [] }).send).toEqual([]);
    expect(desk.member.wakeAtMs()).toBe(Number.POSITIVE_INFINITY);
    const other = new Desk();
    other.news(accused('c', 'dead'));
    const left = { ...alive('c'), state: 'left' } as const;
    expect(other.news(left, accused('c', 'suspect')).events).toEqual([
      { type: 'left', member: 'c', incarnation: 0 },
    ]);
  });

  it('started anew under its id, finds its earlier life and takes a later incarnation, wherever it is now', () => {
    const desk = new Desk({ incarnation: 0 });
    expect(desk.news(alive('a', 9)).events).toMatchObject([{ type: 'accused', incarnation: 10 }]);
    const moved = { ...alive('a', 10), address: 'old:1' };
    expect(desk.news(moved).events).toMatchObject([{ type: 'accused', incarnation: 11 }]);
    expect(desk.news(alive('a', 11)).events).toEqual([]);
  });

  it('reminds those who believe in a member that is gone, when its own news of that have long left', () => {
    const desk = new Desk();
    desk.news({ ...alive('c'), state: 'left' });
    const answer = () =>
      desk.hear({ type: 'ping', from: 'b', sequence: 1, target: 'a', updates: [] }).send[0]?.message;
    for (let sent = 0; sent < 20; sent++) answer();
    expect(answer()?.updates).toEqual([]);
    desk.news(alive('c'));
    expect(answer()?.updates).toEqual([{ ...alive('c'), state: 'left' }]);
  });

  it('forgets who is dead for long, and hears nothing of the dead that it forgot', () => {
    const desk = new Desk({ deadRetentionMs: 60_000 });
    desk.news(accused('c', 'dead'));
    expect(desk.pass(59_000).events).not.toContainEqual({ type: 'reclaimed', member: 'c' });
    expect(desk.pass(2000).events).toContainEqual({ type: 'reclaimed', member: 'c' });
    expect(desk.news(accused('c', 'dead'), { ...alive('z'), state: 'left' }).events).toEqual([]);
    expect(desk.of('c')).toBeUndefined();
  });

  it('takes no more members than it may, and counts those that it did not take', () => {
    const desk = new Desk({ membersMax: 5 });
    desk.news(alive('f'), alive('g'), alive('h'));
    expect(desk.member.status().members).toHaveLength(5);
    expect(desk.member.status().membersRefused).toBe(2);
  });
});

describe('local health', () => {
  it('of a member that hears nobody falls: it probes and suspects more slowly', () => {
    const desk = new Desk({ localHealthMax: 3 });
    const pings = (effects: SwimEffects) => types(effects).filter((type) => type === 'ping').length;
    expect(pings(new Desk({ localHealthMax: 0 }).pass(20_000))).toBeGreaterThanOrEqual(19);
    expect(pings(desk.pass(20_000))).toBeLessThan(9);
    expect(desk.member.status().healthScore).toBe(3);
  });

  it('does not fall for a dead member, when those who were asked say that they heard nothing either', () => {
    const desk = new Desk();
    const { target, sequence } = desk.nextPing();
    for (const { address } of desk.pass(500).send)
      desk.hear({ type: 'nack', from: address.slice(0, 1), sequence, target, updates: [] });
    desk.pass(500);
    expect(desk.of(target)?.state).toBe('suspect');
    expect(desk.member.status().healthScore).toBe(0);
  });
});

describe('settings', () => {
  it.each([
    { periodMs: 9 },
    { pingTimeoutMs: 1000 },
    { indirectPeers: -1 },
    { suspicionMultiplier: 1.5 },
    { suspicionMaxMultiplier: 0 },
    { suspicionConfirmations: 0 },
    { localHealthMax: 101 },
    { retransmitMultiplier: 0 },
    { messageBytesMax: 999 },
    { syncEveryMs: Number.NaN },
    { deadRetentionMs: -1 },
    { membersMax: 0 },
    { incarnation: 2 ** 48 + 1 },
  ])('refuses %o', (settings) => {
    const [name = ''] = Object.keys(settings);
    expect(() => new Desk(settings)).toThrow(InvalidArgumentError);
    expect(() => new Desk(settings)).toThrow(name);
  });

  it('refuses addresses that no message could carry', () => {
    const random = new Random(1);
    expect(() => new SwimMember({ id: 'a', address: 'a b', random }, 0)).toThrow('address is "a b"');
    expect(() => new SwimMember({ id: '', address: 'a', random }, 0)).toThrow(InvalidArgumentError);
    expect(() => new Desk().step({ type: 'join', now: 0, addresses: [''] })).toThrow(
      'address to join at is ""',
    );
    expect(() => new Desk().hear({ type: 'gossip', from: 'b', updates: [] }, 'ü')).toThrow(
      'address of the sender',
    );
    expect(() => new Desk().step({ type: 'tick', now: Number.NaN })).toThrow('now is NaN');
  });
});
