/** A state machine of one's own: three accounts, and transfers that a client may repeat when it got no answer. */
export class Bank {
  balances = [100, 100, 100];
  /** The last transfer of each client with its answer, so that a repeat is answered and not done again. */
  answered = {};

  apply(_index, command) {
    const { client, number, from, to, amount } = JSON.parse(new TextDecoder().decode(command));
    const last = this.answered[client];
    if (last?.number === number) return last.answer;
    const answer = this.transfer(from, to, amount);
    this.answered[client] = { number, answer };
    return answer;
  }

  transfer(from, to, amount) {
    if (this.balances[from] < amount) return 'refused';
    this.balances[from] -= amount;
    this.balances[to] += amount;
    return 'done';
  }

  total() {
    return this.balances.reduce((sum, balance) => sum + balance);
  }

  /** What a snapshot holds: all that a later command may depend on. */
  contents() {
    return { balances: this.balances, answered: this.answered };
  }

  snapshot() {
    return [new TextEncoder().encode(JSON.stringify(this.contents()))];
  }

  restore() {
    const decoder = new TextDecoder();
    let text = '';
    const write = (chunk) => {
      text += decoder.decode(chunk, { stream: true });
    };
    const finish = () => {
      const { balances, answered = {} } = JSON.parse(text);
      this.balances = balances;
      this.answered = answered;
    };
    return { write, finish };
  }
}
