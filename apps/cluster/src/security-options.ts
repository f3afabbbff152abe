/** Who may talk to whom, and under what seal, as the command line has it. */
import { InvalidArgumentError } from '@synod/core';
import {
  readSecurityFile,
  readTlsFiles,
  readTokens,
  type TlsFiles,
  type TlsMaterial,
} from './security-files.js';

/** Options between nodes: all text. */
export interface PeerSecurityFlags {
  /** `--peer-cert`. */
  readonly peerCert?: string;
  /** `--peer-key`. */
  readonly peerKey?: string;
  /** `--peer-ca`. */
  readonly peerCa?: string;
  /** `--peer-token-file`. */
  readonly peerTokenFile?: string;
}

/** Options of a port for clients: all text. */
export interface ClientPortFlags {
  /** `--cert`. */
  readonly cert?: string;
  /** `--key`. */
  readonly key?: string;
  /** `--client-ca`. */
  readonly clientCa?: string;
  /** `--token-file`. */
  readonly tokenFile?: string;
}

/** Options of whoever talks to a port for clients: all text. */
export interface ClientSecurityFlags {
  /** `--cacert`. */
  readonly cacert?: string;
  /** `--cert`. */
  readonly cert?: string;
  /** `--key`. */
  readonly key?: string;
  /** `--token-file`. */
  readonly tokenFile?: string;
}

/** How nodes know each other. */
export interface PeerSecurity {
  /** Files of the certificate, for renewal, and what stands in them. */
  readonly tls?: { readonly files: TlsFiles; readonly material: TlsMaterial & { readonly ca: Buffer } };
  /** The cluster's tokens, the first to prove with. */
  readonly tokens?: readonly string[];
}

/** Who may talk to a port for clients. */
export interface ClientPortSecurity {
  /** Files of the certificate, for renewal, and what stands in them; `ca` for clients that must show one. */
  readonly tls?: { readonly files: TlsFiles; readonly material: TlsMaterial };
  /** Tokens that clients must show one of. */
  readonly tokens?: readonly string[];
}

/** What a client trusts and shows. */
export interface ClientSecurity {
  /** Authorities to trust in the place of the platform's. */
  readonly ca?: Buffer;
  /** Certificate to show. */
  readonly cert?: Buffer;
  /** Its key. */
  readonly key?: Buffer;
  /** Token to show. */
  readonly token?: string;
}

/**
 * Reads how nodes know each other.
 *
 * @param flags - The command line.
 * @throws {@link InvalidArgumentError} naming the first option that is wrong.
 */
export function readPeerSecurity(flags: PeerSecurityFlags): PeerSecurity {
  const { peerCert: cert, peerKey: key, peerCa: ca, peerTokenFile } = flags;
  const tokens =
    peerTokenFile === undefined ? {} : { tokens: readTokens(peerTokenFile, '--peer-token-file') };
  if (cert === undefined && key === undefined && ca === undefined) return tokens;
  if (cert === undefined || key === undefined || ca === undefined)
    throw new InvalidArgumentError('--peer-cert, --peer-key and --peer-ca belong together: give all or none');
  const files = { cert, key, ca };
  const material = { ...readTlsFiles(files, '--peer-'), ca: readSecurityFile(ca, '--peer-ca') };
  return { ...tokens, tls: { files, material } };
}

/**
 * Reads who may talk to a port for clients.
 *
 * @param flags - The command line.
 * @throws {@link InvalidArgumentError} naming the first option that is wrong.
 */
export function readClientPortSecurity(flags: ClientPortFlags): ClientPortSecurity {
  const { cert, key, clientCa, tokenFile } = flags;
  const tokens = tokenFile === undefined ? {} : { tokens: readTokens(tokenFile, '--token-file') };
  if (cert === undefined && key === undefined) {
    if (clientCa === undefined) return tokens;
    throw new InvalidArgumentError(
      '--client-ca needs --cert and --key: without TLS no client shows a certificate',
    );
  }
  if (cert === undefined || key === undefined)
    throw new InvalidArgumentError('--cert and --key belong together: give both or none');
  const own = readTlsFiles({ cert, key }, '--');
  if (clientCa === undefined) return { ...tokens, tls: { files: { cert, key }, material: own } };
  const material = { ...own, ca: readSecurityFile(clientCa, '--client-ca') };
  return { ...tokens, tls: { files: { cert, key, ca: clientCa }, material } };
}

/**
 * Reads what a client trusts and shows.
 *
 * @param flags - The command line.
 * @throws {@link InvalidArgumentError} naming the first option that is wrong.
 */
export function readClientSecurity(flags: ClientSecurityFlags): ClientSecurity {
  const { cacert, cert, key, tokenFile } = flags;
  if ((cert === undefined) !== (key === undefined))
    throw new InvalidArgumentError('--cert and --key belong together: give both or none');
  const token = tokenFile === undefined ? undefined : readTokens(tokenFile, '--token-file')[0];
  return {
    ...(cacert === undefined ? {} : { ca: readSecurityFile(cacert, '--cacert') }),
    ...(cert === undefined || key === undefined ? {} : readTlsFiles({ cert, key }, '--')),
    ...(token === undefined ? {} : { token }),
  };
}
