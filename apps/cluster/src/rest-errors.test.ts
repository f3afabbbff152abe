import { InvalidArgumentError, SynodError } from '@synod/core';
import { NotLeaderError, OutcomeUnknownError } from '@synod/replica';
import { describe, expect, it } from 'vitest';
import { describeError, exitCodeOf } from './exit-codes.js';
import { errorDocument, readErrorDocument, restErrorOf } from './rest-errors.js';

describe('errors over REST', () => {
  it('a hint to the leader carries its address when it is known', () => {
    const error = restErrorOf(new NotLeaderError('n1 follows', 'n2'), (id) => `http://${id}:1`);
    expect(error.status).toBe(421);
    expect(errorDocument(error).error).toMatchObject({
      code: 'NOT_LEADER',
      effect: 'none',
      retryable: true,
      leader: { id: 'n2', url: 'http://n2:1' },
    });
  });

  it('what went out as a document comes in as the same error', () => {
    const error = restErrorOf(new OutcomeUnknownError('the time ran out'));
    const read = readErrorDocument(error.status, JSON.stringify(errorDocument(error)));
    expect(read).toMatchObject({
      status: 504,
      code: 'OUTCOME_UNKNOWN',
      effect: 'unknown',
      message: error.message,
    });
  });

  it('an error that does not clearly say "none" counts as unknown', () => {
    const read = readErrorDocument(500, '{"error":{"code":"X","message":"y"}}');
    expect(read?.effect).toBe('unknown');
  });

  it.each(['', 'oops', '[]', 'null', '{"error":null}', '{"error":{"code":1}}'])(
    '%j is no error document',
    (text) => {
      expect(readErrorDocument(500, text)).toBeUndefined();
    },
  );

  it('a failure that nobody foresaw is 500 with an unknown effect', () => {
    expect(restErrorOf(new TypeError('x is undefined'))).toMatchObject({
      status: 500,
      code: 'INTERNAL',
      effect: 'unknown',
    });
    expect(restErrorOf(new InvalidArgumentError('no'))).toMatchObject({ status: 400, effect: 'none' });
  });
});

describe('exit codes', () => {
  it('the cause decides when the error itself has no code of its own', () => {
    const cause = new SynodError({ code: 'STORAGE_FAILED', message: 'the disk is gone' });
    const error = new SynodError({ code: 'REPLICA_FAILED', message: 'the replica stopped', cause });
    expect(exitCodeOf(error)).toBe(12);
    expect(describeError(error)).toBe(
      'REPLICA_FAILED: the replica stopped\n  caused by STORAGE_FAILED: the disk is gone',
    );
  });

  it('anything else is 1, also when causes go in a circle', () => {
    const error = new Error('round');
    error.cause = error;
    expect(exitCodeOf(error)).toBe(1);
    expect(describeError(error)).toBe('round');
  });
});
