/**
 * Keys as text of one character a byte, the form in which they are compared. JavaScript compares strings by code
 * units, which for such text is byte-wise order, and does it several times faster than a loop over two byte arrays
 * (measured with 16-byte keys: about 7 times in a search of 200 000).
 */

/** A key as text: the code of each character is a byte, 0 to 255. */
export type KeyText = string;

// Bytes given to one call as its arguments, of which there may be only so many.
const pieceBytes = 4096;

/** The text of a key. */
export function textOf(key: Uint8Array): KeyText {
  if (key.length <= pieceBytes) return textOfPiece(key);
  let text = '';
  for (let start = 0; start < key.length; start += pieceBytes) {
    text += textOfPiece(key.subarray(start, start + pieceBytes));
  }
  return text;
}

/** The first text after a key's in order: no key lies between. */
export function successorOf(text: KeyText): KeyText {
  return `${text}\0`;
}

function textOfPiece(piece: Uint8Array): KeyText {
  return Reflect.apply(String.fromCharCode, undefined, piece);
}
