import { describe, expect, it } from 'vitest';
import { parseHostPort, parseNodeAddresses, parseUrl, urlOf } from './addresses.js';

describe('addresses on the command line', () => {
  it('a host and port, an IPv6 address in brackets, and a bare port are understood', () => {
    expect(parseHostPort('10.0.0.1:8701', '--listen')).toEqual({ host: '10.0.0.1', port: 8701 });
    expect(parseHostPort('[::1]:80', '--listen')).toEqual({ host: '::1', port: 80 });
    expect(parseHostPort('0', '--listen')).toEqual({ host: '127.0.0.1', port: 0 });
    expect(urlOf('http', '::1', 80)).toBe('http://[::1]:80');
  });

  it.each(['', 'host', 'host:', 'host:65536', 'host:-1', ':80', 'a b:80'])(
    '%j is refused, naming the option',
    (text) => {
      expect(() => parseHostPort(text, '--listen')).toThrow(/^--listen is .*: give HOST:PORT/);
    },
  );

  it('a list of nodes is read in its order', () => {
    expect(parseNodeAddresses('n1=ws://127.0.0.1:1,n2=ws://[::1]:2/', '--peers', 'ws')).toEqual([
      { id: 'n1', url: 'ws://127.0.0.1:1' },
      { id: 'n2', url: 'ws://[::1]:2' },
    ]);
  });

  it.each([
    ['n1', 'is not a node id'],
    ['n1=http://127.0.0.1:1', 'give ws://HOST:PORT'],
    ['n1=ws://a:1,n1=ws://b:1', 'names n1 twice'],
    ['n 1=ws://a:1', 'is not a node id'],
  ])('%j is refused', (text, reason) => {
    expect(() => parseNodeAddresses(text, '--peers', 'ws')).toThrow(reason);
  });

  it('a URL with a path or another scheme is refused', () => {
    expect(() => parseUrl('http://127.0.0.1/v1', '--endpoint', 'http')).toThrow('give http://HOST:PORT');
    expect(() => parseUrl('ftp://127.0.0.1', '--endpoint', 'http')).toThrow('give http://HOST:PORT');
    expect(parseUrl('http://127.0.0.1:8700/', '--endpoint', 'http')).toBe('http://127.0.0.1:8700');
  });
});
