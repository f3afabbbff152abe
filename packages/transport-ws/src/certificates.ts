/**
 * Makes an authority of one's own and certificates that it signs: for tests, for trying things out, and for clusters
 * that have no other authority. X.509 version 3 (RFC 5280) with keys on the curve P-256, written in DER (X.690).
 *
 * Whoever has the authority's key can make themselves any node: keep it away from the nodes, which do not need it.
 *
 * @example
 * ```ts
 * import { createAuthority, issueCertificate } from '@synod/transport-ws/certificates';
 *
 * const authority = createAuthority({ name: 'orders', days: 365 });
 * const { cert, key } = issueCertificate(authority, { dnsNames: ['n1'], days: 90 });
 * const tls = { cert, key, ca: authority.cert };
 * ```
 *
 * @packageDocumentation
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { encodeUtf8, InvalidArgumentError, parseInteger } from '@synod/core';

/** A certificate and its private key, both in PEM. */
export interface KeyPair {
  /** The certificate. */
  readonly cert: string;
  /** The private key, in PKCS #8. */
  readonly key: string;
}

/** What an authority signs with: {@link createAuthority}. */
export interface CertificateAuthority extends KeyPair {
  /** Its name, which every certificate bears as its issuer's. */
  readonly name: string;
}

/** When a certificate holds. */
export interface Validity {
  /** First moment. Default: an hour ago, for clocks that differ. */
  readonly notBefore?: Date;
  /** Days from now until it ends, from 0. */
  readonly days: number;
}

/** What {@link createAuthority} is given. */
export interface AuthorityOptions extends Validity {
  /** Name of the authority, 1 to 64 characters. */
  readonly name: string;
}

/** What {@link issueCertificate} is given. */
export interface CertificateOptions extends Validity {
  /** Names of type DNS: ids of nodes, and host names for a client port. May be empty. */
  readonly dnsNames: readonly string[];
  /** IP addresses, for a client port that is reached by address. Default: none. */
  readonly ipAddresses?: readonly string[];
  /** Common name, 1 to 64 characters. Default: the first DNS name. */
  readonly commonName?: string;
}

const daysMax = 36_500;
const dayMs = 86_400_000;

/**
 * Makes an authority that signs itself.
 *
 * @param options - Name and validity.
 * @throws InvalidArgumentError naming the option that is out of its range.
 */
export function createAuthority(options: AuthorityOptions): CertificateAuthority {
  const name = checkName(options.name, 'name');
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = certificate({
    issuer: name,
    subject: name,
    validity: options,
    publicKey,
    signer: privateKey,
    extensions: [
      extension(oid.basicConstraints, true, sequence(boolean(true))),
      // keyCertSign and cRLSign.
      extension(oid.keyUsage, true, der(0x03, Buffer.of(1, 0b0000_0110))),
    ],
  });
  return { name, cert, key: pemOf(privateKey) };
}

/**
 * Makes a key and a certificate for it, good for both ends of a connection.
 *
 * @param authority - Who signs.
 * @param options - Names and validity.
 * @throws InvalidArgumentError naming the option that is out of its range, or when the authority's key cannot be read.
 */
export function issueCertificate(authority: CertificateAuthority, options: CertificateOptions): KeyPair {
  const { dnsNames, ipAddresses = [] } = options;
  const subject = checkName(options.commonName ?? dnsNames[0] ?? '', 'commonName');
  const names = [
    ...dnsNames.map((name) => der(0x82, Buffer.from(checkName(name, 'dnsNames'), 'latin1'))),
    ...ipAddresses.map((address) => der(0x87, addressBytes(address))),
  ];
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = certificate({
    issuer: authority.name,
    subject,
    validity: options,
    publicKey,
    signer: readKey(authority.key),
    extensions: [
      extension(oid.basicConstraints, true, sequence()),
      // digitalSignature.
      extension(oid.keyUsage, true, der(0x03, Buffer.of(7, 0b1000_0000))),
      extension(oid.extendedKeyUsage, false, sequence(oid.serverAuthentication, oid.clientAuthentication)),
      ...(names.length === 0 ? [] : [extension(oid.subjectAlternativeName, false, sequence(...names))]),
    ],
  });
  return { cert, key: pemOf(privateKey) };
}

interface CertificateParts {
  readonly issuer: string;
  readonly subject: string;
  readonly validity: Validity;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certificate(parts: CertificateParts): string {
  const days = parseInteger(parts.validity.days, 'days', 0, daysMax);
  const now = Date.now();
  const notBefore = parts.validity.notBefore ?? new Date(now - 3_600_000);
  const algorithm = sequence(oid.ecdsaWithSha256);
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.of(2))), // version 3
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    distinguishedName(parts.issuer),
    sequence(time(notBefore), time(new Date(now + days * dayMs))),
    distinguishedName(parts.subject),
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...parts.extensions)),
  );
  const signature = sign('sha256', signed, parts.signer);
  const whole = sequence(signed, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head =
    length < 0x80
      ? Buffer.of(tag, length)
      : length < 0x100
        ? Buffer.of(tag, 0x81, length)
        : Buffer.of(tag, 0x82, length >> 8, length & 0xff);
  return Buffer.concat([head, content]);
}

function sequence(...contents: readonly Uint8Array[]): Buffer {
  return der(0x30, ...contents);
}

function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.of(value ? 0xff : 0));
}

function objectIdentifier(...bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

const oid = {
  /** 1.2.840.10045.4.3.2 (RFC 5758 §3.2) */
  ecdsaWithSha256: objectIdentifier(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02),
  /** 2.5.4.3 */
  commonName: objectIdentifier(0x55, 0x04, 0x03),
  /** 2.5.29.19, .15, .37 and .17 (RFC 5280 §4.2.1) */
  basicConstraints: objectIdentifier(0x55, 0x1d, 0x13),
  keyUsage: objectIdentifier(0x55, 0x1d, 0x0f),
  extendedKeyUsage: objectIdentifier(0x55, 0x1d, 0x25),
  subjectAlternativeName: objectIdentifier(0x55, 0x1d, 0x11),
  /** 1.3.6.1.5.5.7.3.1 and .2 */
  serverAuthentication: objectIdentifier(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01),
  clientAuthentication: objectIdentifier(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02),
} as const;

function distinguishedName(commonName: string): Buffer {
  const value = der(0x0c, encodeUtf8(commonName));
  return sequence(der(0x31, sequence(oid.commonName, value)));
}

function extension(id: Buffer, critical: boolean, value: Buffer): Buffer {
  return sequence(id, ...(critical ? [boolean(true)] : []), der(0x04, value));
}

/** UTCTime to the end of 2049, GeneralizedTime after it (RFC 5280 §4.1.2.5). */
function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2), 'latin1'))
    : der(0x18, Buffer.from(digits, 'latin1'));
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (!isIPv6(address) || address.includes('.') || address.includes('%'))
    throw new InvalidArgumentError(
      `ipAddresses holds ${JSON.stringify(address)}: give addresses such as 127.0.0.1 or ::1`,
    );
  const [head = '', tail = ''] = address.split('::');
  const [before, after] = [head, tail].map((part) => (part === '' ? [] : part.split(':')));
  const groups = [...(before ?? []), ...(after ?? [])];
  const missing = 8 - groups.length;
  groups.splice(before?.length ?? 0, 0, ...Array.from({ length: missing }, () => '0'));
  const bytes = Buffer.alloc(16);
  for (const [position, group] of groups.entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), position * 2);
  return bytes;
}

function checkName(name: string, option: string): string {
  if (/^[\x20-\x7e]{1,64}$/.test(name)) return name;
  throw new InvalidArgumentError(
    `${option} holds ${JSON.stringify(name)}: a name has 1 to 64 printable characters of ASCII`,
  );
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new InvalidArgumentError("the authority's key cannot be read: give a private key in PEM");
  }
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
