import { describe, expect, it } from 'vitest';
import { filterOf, linksOf, Network } from './network.js';

function sent(...messages: readonly string[]): Network<{ from: string; to: string }> {
  const network = new Network<{ from: string; to: string }>();
  for (const message of messages) {
    const [from = '', to = '', text = ''] = message.split(' ');
    network.send({ message: { from, to }, text, snapshot: undefined });
  }
  return network;
}

function texts(parcels: readonly { readonly text: string }[]): string[] {
  return parcels.map(({ text }) => text);
}

describe('messages under way', () => {
  it('a link has one direction, two, or an open end', () => {
    expect(linksOf('n1->n2')).toEqual([{ from: 'n1', to: 'n2' }]);
    expect(linksOf('n1--n2')).toHaveLength(2);
    expect(linksOf('*->n2')).toEqual([{ from: '*', to: 'n2' }]);
    expect(linksOf('vote')).toEqual([]);
  });

  it('messages are chosen by link, by name, by age and by number', () => {
    const messages = ['n1 n2 append', 'n1 n3 vote', 'n1 n2 vote', 'n2 n1 vote'];
    expect(texts(sent(...messages).take(filterOf(['n1->*', 'vote'])))).toEqual(['vote', 'vote']);
    expect(texts(sent(...messages).take(filterOf(['1', 'n1->n2'])))).toEqual(['append']);
    expect(texts(sent(...messages).take(filterOf(['last', 'n1->n2'])))).toEqual(['vote']);
    expect(() => sent(...messages).take(filterOf(['n3->n1']))).toThrow(/no such message/);
  });

  it('what is held up stays when all else is delivered, unless its link is named', () => {
    const network = sent('n1 n2 a', 'n1 n3 b');
    network.hold(linksOf('n1->n2'));
    expect(texts(network.takeFree())).toEqual(['b']);
    expect(texts(network.take(filterOf(['n1->n2'])))).toEqual(['a']);
  });
});
