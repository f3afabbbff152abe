/**
 * The configurations that a search has been in: how far it got, which operations under way have taken effect, the
 * state, which operations of unknown outcome were used, and when the state was last overwritten (Lowe, "Testing for
 * linearizability", 2017, section 4, memoises the first three). A configuration is pruned if one was visited that
 * agrees in the first three, has used no other operations of unknown outcome, and was overwritten no earlier: whatever
 * can follow here can follow there.
 *
 * Everything lies in typed arrays with open addressing and is compared word by word: a `Set` of strings overflows on
 * histories that this holds easily, and a hash alone would sometimes prune wrongly.
 */

const firstCapacity = 64;
const nothing = 0;

/** Where in an entry its list of uses starts; the frontier, the state and the bits follow. */
const headWords = 3;

/** What tells configurations apart. */
export interface Visit {
  readonly frontier: number;
  readonly state: number;
  /** Closed operations that took effect, of those under way at the frontier. */
  readonly closedBits: Int32Array;
  /** Moment up to which the last overwriting operation covers. */
  readonly overwrittenAt: number;
  /** Open operations that took effect. */
  readonly openBits: Int32Array;
}

/** A set of configurations of one partition. */
export class VisitedConfigurations {
  readonly #closedWords: number;
  readonly #entryWords: number;
  readonly #useWords: number;
  // Entries (first use + 1, frontier, state, closed bits...), and their places by hash (entry + 1).
  #entries: Int32Array;
  #entryCount = 0;
  #places = new Int32Array(firstCapacity);
  // What was used: (next use + 1, moment of overwriting, bits of open operations...).
  #uses: Int32Array;
  #useCount = 0;

  /**
   * @param closedWords - 32-bit words that the bits of closed operations under way take.
   * @param openWords - 32-bit words that the bits of open operations take.
   */
  constructor(closedWords: number, openWords: number) {
    this.#closedWords = closedWords;
    this.#entryWords = headWords + closedWords;
    this.#useWords = 2 + openWords;
    this.#entries = new Int32Array((firstCapacity / 2) * this.#entryWords);
    this.#uses = new Int32Array((firstCapacity / 2) * this.#useWords);
  }

  /** Bytes that the table takes. */
  get bytes(): number {
    return this.#entries.byteLength + this.#places.byteLength + this.#uses.byteLength;
  }

  /**
   * Adds a configuration.
   *
   * @returns `false` if one as good was visited before, so that nothing new can come of this one.
   */
  add({ frontier, state, closedBits, overwrittenAt, openBits }: Visit): boolean {
    const mask = this.#places.length - 1;
    let place = this.#hash(frontier, state, closedBits, 0) & mask;
    for (;;) {
      const entry = (this.#places[place] ?? 0) - 1;
      if (entry < 0) break;
      if (this.#isEntry(entry * this.#entryWords, frontier, state, closedBits)) {
        return this.#addUse(entry, overwrittenAt, openBits);
      }
      place = (place + 1) & mask;
    }
    const entry = this.#addEntry(frontier, state, closedBits);
    this.#places[place] = entry + 1;
    if (this.#entryCount * 2 >= this.#places.length) this.#rehash();
    return this.#addUse(entry, overwrittenAt, openBits);
  }

  #isEntry(at: number, frontier: number, state: number, closed: Int32Array): boolean {
    const entries = this.#entries;
    if (entries[at + 1] !== frontier || entries[at + 2] !== state) return false;
    for (let word = 0; word < this.#closedWords; word++) {
      if (entries[at + headWords + word] !== closed[word]) return false;
    }
    return true;
  }

  #addEntry(frontier: number, state: number, closed: Int32Array): number {
    const at = this.#entryCount * this.#entryWords;
    if (at + this.#entryWords > this.#entries.length) this.#entries = twiceAsLong(this.#entries);
    this.#entries[at] = nothing;
    this.#entries[at + 1] = frontier;
    this.#entries[at + 2] = state;
    for (let word = 0; word < this.#closedWords; word++) {
      this.#entries[at + headWords + word] = closed[word] ?? 0;
    }
    return this.#entryCount++;
  }

  /** Adds a use to an entry's list, and drops those from the list that it makes needless. */
  #addUse(entry: number, overwrittenAt: number, open: Int32Array): boolean {
    const head = entry * this.#entryWords;
    let before = -1;
    let use = (this.#entries[head] ?? 0) - 1;
    while (use >= 0) {
      const at = use * this.#useWords;
      const order = this.#compare(at + 1, overwrittenAt, open);
      if (order === 'as good') return false;
      const next = (this.#uses[at] ?? 0) - 1;
      if (order === 'incomparable') before = use;
      else if (before < 0) this.#entries[head] = next + 1;
      else this.#uses[before * this.#useWords] = next + 1;
      use = next;
    }
    const at = this.#useCount * this.#useWords;
    if (at + this.#useWords > this.#uses.length) this.#uses = twiceAsLong(this.#uses);
    this.#uses[at] = this.#entries[head] ?? 0;
    this.#uses[at + 1] = overwrittenAt;
    this.#uses.set(open, at + 2);
    this.#useCount += 1;
    this.#entries[head] = this.#useCount;
    return true;
  }

  /** How good a known use is, against a given one. */
  #compare(at: number, overwrittenAt: number, open: Int32Array): 'as good' | 'worse' | 'incomparable' {
    const known = this.#uses[at] ?? 0;
    let asGood = known >= overwrittenAt;
    let worse = known <= overwrittenAt;
    for (let word = 0; word < open.length && (asGood || worse); word++) {
      const knownBits = this.#uses[at + 1 + word] ?? 0;
      const givenBits = open[word] ?? 0;
      if ((knownBits & ~givenBits) !== 0) asGood = false;
      if ((givenBits & ~knownBits) !== 0) worse = false;
    }
    if (asGood) return 'as good';
    return worse ? 'worse' : 'incomparable';
  }

  #rehash(): void {
    const places = new Int32Array(this.#places.length * 2);
    const mask = places.length - 1;
    for (let entry = 0; entry < this.#entryCount; entry++) {
      const at = entry * this.#entryWords;
      const frontier = this.#entries[at + 1] ?? 0;
      let place = this.#hash(frontier, this.#entries[at + 2] ?? 0, this.#entries, at + headWords) & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = entry + 1;
    }
    this.#places = places;
  }

  #hash(frontier: number, state: number, bits: Int32Array, from: number): number {
    let hash = Math.imul(frontier, 0x9e3779b1) ^ Math.imul(state + 1, 0x85ebca6b);
    for (let word = 0; word < this.#closedWords; word++) {
      hash = Math.imul(hash ^ (hash >>> 15) ^ (bits[from + word] ?? 0), 0xc2b2ae35);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    return hash ^ (hash >>> 15);
  }
}

function twiceAsLong(words: Int32Array): Int32Array {
  const longer = new Int32Array(words.length * 2);
  longer.set(words);
  return longer;
}
