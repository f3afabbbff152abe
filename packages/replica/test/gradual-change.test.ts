import type { Member, Membership } from '@synod/core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  AbortedError,
  ConflictError,
  changeMembershipWhenCaughtUp,
  GradualChangeError,
  NotLeaderError,
  TimedOutError,
} from '../src/index.js';
import { add } from './counter.js';
import { eventually, TestCluster, type TestClusterOptions, type TestNode } from './raft-cluster.js';

let cluster: TestCluster;

afterEach(() => cluster.stopAll());

async function startThree(options?: TestClusterOptions): Promise<TestNode> {
  cluster = new TestCluster(3, options);
  await cluster.startAll();
  const leader = await cluster.leader();
  for (let count = 0; count < 20; count++) await leader.replica.propose(add(1));
  return leader;
}

/** Voters, each with the number in its name as ordinal. */
function voters(...ids: readonly string[]): Membership {
  const members = ids.map((id): Member => ({ id, ordinal: Number(id.slice(1)), role: 'voter' }));
  return { members, outgoingVoters: [] };
}

function membersOf({ replica }: TestNode): readonly string[] {
  return replica.status().engine.membership.members.map(({ id, role }) => `${id} ${role}`);
}

/** The error of a change that stops. */
async function stopped(change: Promise<unknown>): Promise<GradualChangeError> {
  const error = await change.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof GradualChangeError) return error;
  throw new Error(`a GradualChangeError was expected, not ${String(error)}`);
}

/** Learners may not be behind at all. */
const strict = { raft: { promotionLagEntriesMax: 0 } };

describe('changeMembershipWhenCaughtUp', () => {
  it('has a new node learn first, and puts it in the place of another when it has caught up', async () => {
    const leader = await startThree(strict);
    const leaver = cluster.ids.find((id) => id !== leader.id) ?? '';
    const newcomer = await cluster.start('n4');
    const target = voters(...cluster.ids.filter((id) => id !== leaver), 'n4');
    const seen: string[] = [];
    leader.replica.onEvent(({ event }) => {
      if (event.type === 'membershipChanged') seen.push(JSON.stringify(event));
    });
    const index = await changeMembershipWhenCaughtUp(leader.replica, target);
    expect(leader.replica.status().engine).toMatchObject({ membershipIndex: index, membership: target });
    expect(seen.length).toBe(3);
    await cluster.stop(leaver);
    expect((await leader.replica.propose(add(1))).result.total).toBe(21);
    await eventually(() => newcomer.counter.total === 21);
  });

  it('waits for a node that is down, and goes on when it comes up', async () => {
    const leader = await startThree(strict);
    const change = changeMembershipWhenCaughtUp(leader.replica, voters('n1', 'n2', 'n3', 'n4'));
    await eventually(() => membersOf(leader).includes('n4 learner'));
    // The voters decide without it meanwhile.
    expect((await leader.replica.propose(add(1))).result.total).toBe(21);
    const newcomer = await cluster.start('n4');
    await change;
    expect(newcomer.counter.total).toBe(21);
    expect(membersOf(leader)).toContain('n4 voter');
  });

  it('ends with its signal while it waits: the learner stays, and a second call goes on from there', async () => {
    const leader = await startThree(strict);
    const controller = new AbortController();
    const target = voters('n1', 'n2', 'n3', 'n4');
    const change = changeMembershipWhenCaughtUp(leader.replica, target, { signal: controller.signal });
    await eventually(() => membersOf(leader).includes('n4 learner'));
    const { membershipIndex } = leader.replica.status().engine;
    await new Promise((resolve) => setTimeout(resolve, 60));
    controller.abort('the operator thought better of it');
    const error = await stopped(change);
    expect(error).toMatchObject({ step: 'catchUp', added: ['n4'], membershipIndex, effect: 'none' });
    expect(error.cause).toBeInstanceOf(AbortedError);
    expect(error.message).toMatch(/stopped while it waited for learners to catch up: .*learners now: n4/);
    expect(membersOf(leader)).toContain('n4 learner');
    await cluster.start('n4');
    const index = await changeMembershipWhenCaughtUp(leader.replica, target);
    expect(membersOf(leader)).toContain('n4 voter');
    expect(await changeMembershipWhenCaughtUp(leader.replica, target)).toBe(index);
  });

  it('runs out of time with the reason for which it waited', async () => {
    const leader = await startThree(strict);
    const change = changeMembershipWhenCaughtUp(leader.replica, voters('n1', 'n2', 'n3', 'n4'), {
      timeoutMs: 150,
      retryMs: 10,
    });
    const error = await stopped(change);
    expect(error).toMatchObject({ step: 'catchUp', added: ['n4'], retryable: true });
    expect(error.cause).toBeInstanceOf(TimedOutError);
    expect(error.message).toMatch(/learner n4 is \d+ entries behind/);
  });

  it('stops when somebody else changes the members between its steps', async () => {
    const leader = await startThree(strict);
    const change = changeMembershipWhenCaughtUp(leader.replica, voters('n1', 'n2', 'n3', 'n4'));
    await eventually(() => membersOf(leader).includes('n4 learner'));
    await eventually(() => leader.replica.status().pendingProposals === 0);
    await leader.replica.changeMembership(voters('n1', 'n2', 'n3'));
    const error = await stopped(change);
    expect(error.cause).toBeInstanceOf(ConflictError);
    expect(membersOf(leader)).toEqual(['n1 voter', 'n2 voter', 'n3 voter']);
  });

  it('does nothing on a node that does not lead, and names the one that does', async () => {
    const leader = await startThree();
    const follower = cluster.ids.find((id) => id !== leader.id) ?? '';
    for (const target of [voters('n1', 'n2', 'n3', 'n4'), voters('n1', 'n2', 'n3')]) {
      const error = await stopped(changeMembershipWhenCaughtUp(cluster.node(follower).replica, target));
      expect(error).toMatchObject({ added: [], effect: 'none', cause: { leader: leader.id } });
      expect(error.cause).toBeInstanceOf(NotLeaderError);
    }
    expect(membersOf(leader).length).toBe(3);
  });

  it('refuses a target that can never be, and a wait of no length, before it does anything', async () => {
    const leader = await startThree();
    await expect(changeMembershipWhenCaughtUp(leader.replica, voters())).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const change = changeMembershipWhenCaughtUp(leader.replica, voters('n1'), { retryMs: 0 });
    await expect(change).rejects.toThrow(/retryMs is 0/);
    expect(membersOf(leader).length).toBe(3);
  });

  it('takes what the caller saw as a condition', async () => {
    const leader = await startThree();
    const change = changeMembershipWhenCaughtUp(leader.replica, voters('n1', 'n2'), { ifMembershipIndex: 7 });
    expect(await stopped(change)).toMatchObject({ step: 'changeVoters', cause: { code: 'CONFLICT' } });
    expect(membersOf(leader).length).toBe(3);
  });
});
