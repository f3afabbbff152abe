import { ByteReader } from '@synod/core';
import { afterEach, describe, expect, it } from 'vitest';
import { type HostWord, hostGroup, readHostWords } from '../src/host-payload.js';
import { add } from './counter.js';
import { ManyGroups, type ManyOptions, type OnItsWay } from './many-groups.js';
import { settled } from './scripted-engine.js';

/** Twice the longest election timeout, in ticks: raft draws from 10 to 20. */
const twoElectionTimeouts = 40;

/** Ticks until a host that fell silent counts as gone. */
const noticed = 10;

let many: ManyGroups;

async function start(options?: ManyOptions): Promise<ManyGroups> {
  many = new ManyGroups(options);
  await many.startAll();
  return many;
}

async function startAsleep(options?: ManyOptions): Promise<ManyGroups> {
  await start(options);
  await many.until(() => many.allAsleep);
  return many;
}

/** Payloads between hosts that hold a word of one kind. */
function holding(type: HostWord['type']): (payload: OnItsWay) => boolean {
  return ({ group, payload }) =>
    group === hostGroup && readHostWords(new ByteReader(payload)).some((word) => word.type === type);
}

afterEach(() => many.stopAll());

describe('a group in which nothing happens', () => {
  it('falls asleep on all its members, and from then on no engine of it sends anything', async () => {
    await startAsleep();
    const sent = ['n1', 'n2', 'n3'].map((id) => many.replica(many.node(id)).metrics().messagesSent);
    await many.tick(100);
    expect(many.allAsleep).toBe(true);
    expect(['n1', 'n2', 'n3'].map((id) => many.replica(many.node(id)).metrics().messagesSent)).toEqual(sent);
    expect(many.replica(many.leaderOf(0)).status()).toMatchObject({ asleep: true, state: 'running' });
    expect(many.events.filter(({ event }) => event.type === 'slept').length).toBe(3);
    expect(many.wakesOf(0)).toEqual([]);
  });

  it('never sleeps where that was not asked for', async () => {
    await start({ quiesceAfterTicks: 0 });
    await many.tick(100);
    expect(many.ids.map((id) => many.node(id).host.status().asleep)).toEqual([0, 0, 0]);
  });

  it('of one member sleeps alone', async () => {
    many = new ManyGroups();
    Object.assign(many, { ids: ['n1'] });
    await many.startAll().catch(() => undefined);
    await many.until(() => many.node('n1').host.status().asleep === 1);
    const { result } = await many.replica(many.node('n1')).propose(add(2));
    expect(result.total).toBe(2);
  });

  it('stays awake while a member is missing, or one of them does not let groups sleep', async () => {
    await start();
    const [absent] = many.followersOf(0);
    await many.stop(absent?.id ?? '');
    await many.tick(60);
    expect([...many.nodes.values()].map(({ host }) => host.status().asleep)).toEqual([0, 0]);
  });

  it('costs the same few payloads between hosts, be it one or two hundred', async () => {
    const counts: number[] = [];
    for (const groups of [1, 200]) {
      await startAsleep({ groups });
      const before = many.payloads;
      await many.tick(20);
      counts.push(many.payloads - before);
      expect(many.allAsleep).toBe(true);
      await many.stopAll();
    }
    expect(counts[0]).toBe(counts[1]);
    expect(counts[1]).toBeLessThanOrEqual(6 * 10);
  }, 60_000);
});

describe('a sleeping group wakes', () => {
  it('for a command at its leader, which is committed at once, and sleeps again later', async () => {
    await startAsleep();
    const replica = many.replica(many.leaderOf(0));
    const outcome = replica.propose(add(3));
    await settled(12);
    expect((await outcome).result.total).toBe(3);
    await many.until(() => many.allAsleep);
    expect(many.ids.map((id) => many.node(id).counters[0]?.total)).toEqual([3, 3, 3]);
  });

  it('for a command at a follower, which names the leader, and nobody loses the leader over it', async () => {
    await startAsleep();
    const leader = many.leaderOf(0);
    const [follower] = many.followersOf(0);
    const before = many.replica(leader).status().engine.term;
    await expect(many.replica(follower).propose(add(1))).rejects.toMatchObject({
      code: 'NOT_LEADER',
      leader: leader?.id,
    });
    await many.tick(1);
    expect(many.replica(leader).status().asleep).toBe(false);
    await many.until(() => many.allAsleep);
    expect(many.replica(leader).status().engine.term).toBe(before);
  });

  it('for a read on any node, and answers it', async () => {
    await startAsleep();
    await many.replica(many.leaderOf(0)).propose(add(4));
    for (const id of many.ids) {
      await many.until(() => many.allAsleep);
      const node = many.node(id);
      const read = many.replica(node).read(() => node.counters[0]?.total);
      await settled(20);
      expect(await read).toBe(4);
    }
  });

  it('when its leader is killed, and has another within two election timeouts', async () => {
    const ticks: number[] = [];
    for (let seed = 0; seed < 10; seed++) {
      await startAsleep({ seed });
      const dead = many.leaderOf(0);
      await many.stop(dead?.id ?? '');
      ticks.push(await many.until(() => many.leaderOf(0)));
      expect(many.leaderOf(0)?.id).not.toBe(dead?.id);
      const outcome = many.replica(many.leaderOf(0)).propose(add(1));
      await many.tick(4);
      expect((await outcome).result.total).toBe(1);
      await many.stopAll();
    }
    // These clocks run in step, so two nodes draw the same timeout and split the vote more often than real ones do.
    expect(ticks.filter((count) => count > 0 && count <= twoElectionTimeouts).length).toBeGreaterThanOrEqual(
      8,
    );
  });

  it('when its leader falls silent without the transport noticing, and has another two timeouts after that is noticed', async () => {
    await startAsleep();
    const old = many.leaderOf(0);
    many.loses = ({ from, to }) => from === old?.id || to === old?.id;
    await many.until(
      () => many.leaderOf(0) !== undefined && many.leaderOf(0) !== old,
      noticed + twoElectionTimeouts,
    );
    many.loses = () => false;
    await many.until(() => many.allAsleep);
    expect(many.replica(old).leader).toBe(many.leaderOf(0)?.id);
  });

  it('only at the leader when a follower is gone: the others sleep on, until it comes back', async () => {
    await startAsleep({ groups: 20 });
    const [gone = ''] = many.followersOf(0).map(({ id }) => id);
    const led = Array.from({ length: 20 }, (_, group) => group).filter(
      (group) => many.leaderOf(group)?.id !== gone,
    );
    await many.stop(gone);
    await many.tick(60);
    for (const group of led) {
      expect(many.wakesOf(group)).toEqual([]);
      expect(many.replica(many.leaderOf(group), group).status().asleep).toBe(true);
    }
    const before = led.map((group) => many.replica(many.leaderOf(group), group).status().engine.term);
    await many.start(gone);
    await many.until(() => many.allAsleep);
    expect(led.map((group) => many.replica(many.leaderOf(group), group).status().engine.term)).toEqual(
      before,
    );
  });

  it('when a follower that was cut off is back, which then hears its leader before it can depose it', async () => {
    await startAsleep({ groups: 10 });
    const [cut = ''] = many.followersOf(0).map(({ id }) => id);
    const terms = () =>
      Array.from(
        { length: 10 },
        (_, group) => many.replica(many.leaderOf(group), group).status().engine.term,
      );
    many.network.partition([cut]);
    // Long enough to elect anew where it led, and for the others to fall asleep again if they could.
    await many.tick(8);
    many.network.heal();
    await many.tick(10);
    const before = terms();
    await many.until(() => many.allAsleep);
    expect(terms()).toEqual(before);
    expect(many.wakesOf(0).some((wake) => wake.endsWith(`the host of ${cut} came back`))).toBe(true);
  });

  it('for the message of a peer, even if no host says a word about it', async () => {
    await startAsleep();
    const leader = many.leaderOf(0);
    const [follower] = many.followersOf(0);
    many.loses = ({ group }) => group === hostGroup;
    const read = many.replica(follower).read(() => 'answered');
    await settled(20);
    expect(await read).toBe('answered');
    expect(many.wakesOf(0)).toContain(`${leader?.id}: ${follower?.id} sent something`);
  });

  it('at a leader that lost its quorum, which then knows that it leads no more', async () => {
    await startAsleep();
    const leader = many.leaderOf(0);
    for (const { id } of many.followersOf(0)) await many.stop(id);
    await many.until(() => many.replica(leader).leader === undefined, twoElectionTimeouts);
    expect(many.wakesOf(0).length).toBeGreaterThan(0);
  });

  it('when only its leader replica is closed, while the host lives on', async () => {
    await startAsleep();
    const leader = many.leaderOf(0);
    await many.replica(leader).close();
    await many.until(() => {
      const next = many.leaderOf(0);
      return next !== undefined && next !== leader;
    }, twoElectionTimeouts);
  });
});

describe('lost words between hosts', () => {
  it('that offer sleep keep the group awake, with the same leader, until an offer arrives', async () => {
    many = new ManyGroups();
    many.loses = holding('offer');
    await many.startAll();
    await many.until(() => many.leaderOf(0));
    const term = many.replica(many.leaderOf(0)).status().engine.term;
    await many.tick(100);
    expect(many.ids.map((id) => many.node(id).host.status().asleep)).toEqual([0, 0, 0]);
    many.loses = () => false;
    await many.until(() => many.allAsleep);
    expect(many.replica(many.leaderOf(0)).status().engine.term).toBe(term);
  });

  it('that agree to sleep leave nobody asleep under a leader that is awake', async () => {
    many = new ManyGroups();
    many.loses = holding('agree');
    await many.startAll();
    await many.until(() => many.leaderOf(0));
    const term = many.replica(many.leaderOf(0)).status().engine.term;
    await many.until(() => many.ids.some((id) => many.node(id).host.status().asleep > 0));
    await many.until(() => many.ids.every((id) => many.node(id).host.status().asleep === 0));
    many.loses = () => false;
    await many.until(() => many.allAsleep);
    expect(many.replica(many.leaderOf(0)).status().engine.term).toBe(term);
  });

  it('of one member keep the leader awake, though all others agree', async () => {
    many = new ManyGroups();
    await many.startAll();
    await many.until(() => many.leaderOf(0));
    const leader = many.leaderOf(0);
    const [mute] = many.followersOf(0);
    many.events.length = 0;
    many.loses = (payload) => payload.from === mute?.id && holding('agree')(payload);
    await many.tick(60);
    const slept = many.events.filter(({ event }) => event.type === 'slept').map(({ node }) => node);
    expect(slept.length).toBeGreaterThan(0);
    expect(slept).not.toContain(leader?.id);
  });

  it('that tell of a closed leader are made up for by calling the groups by name', async () => {
    await startAsleep({ groups: 3 });
    const leader = many.leaderOf(1);
    many.loses = holding('wake');
    await many.replica(leader, 1).close();
    await many.tick(1);
    many.loses = () => false;
    await many.until(() => {
      const next = many.leaderOf(1);
      return next !== undefined && next !== leader;
    }, 60);
    expect(many.wakesOf(1).length).toBeGreaterThan(0);
    expect([...many.wakesOf(0), ...many.wakesOf(2)]).toEqual([]);
  });

  it('that tell of a woken follower are made up for by calling the groups by name', async () => {
    await startAsleep({ groups: 3 });
    const leader = many.leaderOf(2);
    const [follower] = many.followersOf(2);
    many.loses = holding('wake');
    await many
      .replica(follower, 2)
      .propose(add(1))
      .catch(() => undefined);
    await many.tick(1);
    many.loses = () => false;
    const woken = () => many.wakesOf(2).some((wake) => wake.startsWith(`${leader?.id}:`));
    expect(await many.until(woken)).toBeLessThanOrEqual(10);
    await many.until(() => many.allAsleep);
    expect(many.leaderOf(2)?.id).toBe(leader?.id);
  });

  it('that no host ever wrote are dropped and told', async () => {
    await startAsleep();
    const [from, to] = ['n1', 'n2'];
    many.loses = ({ payload, group }) => {
      if (group === hostGroup) payload.fill(0xff);
      return false;
    };
    await many.tick(3);
    many.loses = () => false;
    const dropped = many.events.filter(({ event }) => event.type === 'payloadDropped');
    expect(dropped.some(({ node }) => node === from || node === to)).toBe(true);
    await many.until(() => many.allAsleep);
  });
});

describe('a leader that slept', () => {
  it('asks its quorum before it answers a lease read: meanwhile another may have been elected', async () => {
    await startAsleep();
    const leader = many.leaderOf(0);
    const replica = many.replica(leader);
    const before = replica.metrics().messagesSent;
    const read = replica.read(() => leader?.counters[0]?.total, { mode: 'lease' });
    await settled(12);
    expect(await read).toBe(0);
    expect(replica.metrics().messagesSent).toBeGreaterThan(before);
  });

  it('and was cut off meanwhile answers nothing, in whatever mode', async () => {
    await startAsleep();
    const old = many.leaderOf(0);
    // It hears the others' hosts, so it sleeps on, but nothing of their groups; and nobody hears it.
    many.loses = ({ from, to, group }) => from === old?.id || (to === old?.id && group !== hostGroup);
    await many.until(
      () => many.leaderOf(0) !== undefined && many.leaderOf(0) !== old,
      noticed + twoElectionTimeouts,
    );
    const outcome = many.replica(many.leaderOf(0)).propose(add(9));
    await many.tick(4);
    await outcome;
    expect(many.replica(old).status().asleep).toBe(true);
    const reads = (['lease', 'index'] as const).map((mode) =>
      many
        .replica(old)
        .read(() => old?.counters[0]?.total, { mode, timeoutMs: 1000 })
        .catch((error: unknown) => error),
    );
    await many.tick(120);
    for (const read of reads) expect(await read).toMatchObject({ effect: 'none' });
  });
});
