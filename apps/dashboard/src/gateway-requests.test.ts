import { afterEach, describe, expect, it, vi } from 'vitest';
import { orderFault, requestKey } from './gateway-requests.js';

function answerWith(status: number, document: unknown, headers: Readonly<Record<string, string>> = {}) {
  const answer = vi.fn(
    async (_url: string, _init: RequestInit) => new Response(JSON.stringify(document), { status, headers }),
  );
  vi.stubGlobal('fetch', answer);
  return answer;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a request for a key', () => {
  it('tells value, revision and the node that answered', async () => {
    answerWith(200, { key: 'a', value: '1', revision: 9, modRevision: 7 }, { 'synod-node': 'n3' });
    const answer = await requestKey({ operation: 'get', key: 'a' });
    expect(answer).toMatchObject({ type: 'done', value: '1', revision: 9, modRevision: 7, node: 'n3' });
  });

  it('sends any key as one segment of the path', async () => {
    const answer = answerWith(200, { revision: 2 });
    await requestKey({ operation: 'put', key: 'a/b ü?', value: 'x' });
    expect(answer.mock.calls[0]?.[0]).toBe('v1/kv/a%2Fb%20%C3%BC%3F');
    expect(answer.mock.calls[0]?.[1]).toMatchObject({ method: 'PUT', body: 'x' });
  });

  it('refuses keys that no browser can address, before anything is sent', async () => {
    const answer = answerWith(200, {});
    for (const key of ['', '.', '..', '\ud800']) {
      expect(await requestKey({ operation: 'put', key, value: '' })).toMatchObject({
        type: 'problem',
        effect: 'none',
      });
    }
    expect(answer).not.toHaveBeenCalled();
  });

  it('shows a value that is no text in base64', async () => {
    answerWith(200, { keyBase64: 'YQ==', valueBase64: '/w==', revision: 3 });
    expect(await requestKey({ operation: 'get', key: 'a' })).toMatchObject({ value: 'base64 /w==' });
  });

  it('takes a missing key as an answer', async () => {
    answerWith(404, {
      error: { code: 'KEY_NOT_FOUND', message: 'there is no key a', effect: 'none', retryable: false },
    });
    expect(await requestKey({ operation: 'get', key: 'a' })).toMatchObject({ type: 'missing', key: 'a' });
  });

  it('tells the code of a failure, whether it took effect and what to do', async () => {
    answerWith(504, {
      error: { code: 'OUTCOME_UNKNOWN', message: 'sent', effect: 'unknown', retryable: false },
    });
    expect(await requestKey({ operation: 'put', key: 'a', value: '1' })).toMatchObject({
      type: 'problem',
      code: 'OUTCOME_UNKNOWN',
      effect: 'unknown',
      advice: 'Read the key to see whether it took place.',
    });
  });

  it('never calls the outcome of an unanswered write known', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('failed to fetch');
    });
    expect(await requestKey({ operation: 'delete', key: 'a' })).toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      effect: 'unknown',
    });
    expect(await requestKey({ operation: 'get', key: 'a' })).toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      effect: 'none',
    });
  });

  it('takes an error that is no document, such as a proxy sends, for what its status says', async () => {
    vi.stubGlobal('fetch', async () => new Response('<h1>Bad Gateway</h1>', { status: 502 }));
    expect(await requestKey({ operation: 'put', key: 'a', value: '1' })).toMatchObject({
      code: 'HTTP_502',
      effect: 'unknown',
    });
  });
});

describe('an order of a fault', () => {
  it('is sent to the node, and says why when it is refused', async () => {
    const answer = answerWith(403, { error: { code: 'FAULTS_DISABLED', message: 'faults are disabled' } });
    expect(await orderFault('n1', 'kill')).toBe('FAULTS_DISABLED: faults are disabled');
    expect(answer.mock.calls[0]?.[0]).toBe('v1/faults/n1/kill');
    answerWith(200, { node: 'n1', action: 'kill' });
    expect(await orderFault('n1', 'kill')).toBeUndefined();
  });
});
