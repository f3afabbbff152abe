/**
 * TLS between nodes. Both ends show a certificate of the cluster's own authority, and a certificate must name the node
 * that shows it: one of its subject alternative names of type DNS is the node id, letter for letter; where it has no
 * such names at all, its common name is. There are no wildcards. The host names of addresses do not matter: a node is
 * who its certificate says, wherever it runs.
 */
import { constants, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { InvalidArgumentError, type NodeId } from '@synod/core';

/** Something in PEM. */
export type Pem = string | Uint8Array;

/** Keys and certificates of a node. */
export interface TransportTls {
  /** This node's private key, in PEM. */
  readonly key: Pem;
  /** This node's certificate, in PEM, with those between it and the authority after it. Must name this node. */
  readonly cert: Pem;
  /** Certificates of the authorities that sign the nodes' certificates, in PEM. No other is trusted. */
  readonly ca: Pem | readonly Pem[];
  /**
   * Whether those who dial must show a certificate too. With `false` a node that dials is not known by its certificate,
   * and only a token tells whether it belongs to the cluster. Default `true`.
   */
  readonly mutual?: boolean;
  /** Oldest version spoken. Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Name sent to whom this node dials (RFC 6066 §3), for proxies that choose by it. Default: the id of the peer. */
  readonly serverName?: string;
}

/** What a node shows and checks, replaceable while connections are up. */
export class TlsIdentity {
  readonly #id: NodeId;
  #options: SecureContextOptions;
  #tls: TransportTls;
  /** Called with new options for the listening end. */
  onRenewed: ((options: SecureContextOptions) => void) | undefined;

  /**
   * @param tls - Keys and certificates.
   * @param id - This node.
   * @throws InvalidArgumentError when they cannot be read, do not fit together or name another node.
   */
  constructor(tls: TransportTls, id: NodeId) {
    this.#id = id;
    this.#tls = tls;
    this.#options = readTls(tls, id);
  }

  /** Whether those who dial must show a certificate. */
  get mutual(): boolean {
    return this.#tls.mutual ?? true;
  }

  /** For the listening end. */
  get contextOptions(): SecureContextOptions {
    return this.#options;
  }

  /**
   * Opens a connection to a peer, and breaks it off when the certificate of the other end does not name that peer.
   *
   * @param address - Its address, as `wss://host:port`.
   * @param peer - The peer.
   * @param onWrong - Told why the other end is not who it should be.
   */
  connect(address: string, peer: NodeId, onWrong: (reason: string) => void): TLSSocket {
    const { hostname, port } = new URL(address);
    return connect({
      ...this.#options,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? 443 : Number(port),
      // An address is no name of TLS, and an empty one sends none.
      servername: this.#tls.serverName ?? (isIP(peer) === 0 ? peer : ''),
      rejectUnauthorized: true,
      checkServerIdentity: (_host, { raw }) => {
        if (certificateNames(new X509Certificate(raw), peer)) return undefined;
        const reason = `the certificate at the address of ${peer} does not name ${peer}: correct the address, or issue a certificate with the DNS name ${peer}`;
        onWrong(reason);
        return new Error(reason);
      },
    });
  }

  /**
   * Takes other keys and certificates from now on; connections that are up stay.
   *
   * @param tls - Keys and certificates. `mutual` stays as it was.
   * @throws InvalidArgumentError as the constructor; nothing is changed then.
   */
  renew(tls: TransportTls): void {
    this.#options = readTls(tls, this.#id);
    this.#tls = { ...tls, mutual: this.mutual };
    this.onRenewed?.(this.#options);
  }
}

/**
 * Tells whom the certificate of a socket names.
 *
 * @param socket - The accepted end of a connection.
 * @returns Whether it names a node; names nobody when no certificate was shown.
 */
export function namedBySocket(socket: TLSSocket): (id: NodeId) => boolean {
  const certificate = socket.getPeerX509Certificate();
  return (id) => certificate !== undefined && certificateNames(certificate, id);
}

/**
 * The rule of this file.
 *
 * @param certificate - A certificate that was verified against the authorities.
 * @param id - A node.
 */
export function certificateNames(certificate: X509Certificate, id: NodeId): boolean {
  // OpenSSL compares without regard to case and reads a leading dot as "any below": node ids are exact.
  if (id.startsWith('.')) return false;
  return (
    certificate.checkHost(id, {
      subject: 'default',
      wildcards: false,
      partialWildcards: false,
      multiLabelWildcards: false,
      singleLabelSubdomains: false,
    }) === id
  );
}

function readTls(tls: TransportTls, id: NodeId): SecureContextOptions {
  const { key, cert, ca } = tls;
  const minVersion = tls.minVersion ?? 'TLSv1.2';
  if (minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3')
    throw new InvalidArgumentError(
      `tls.minVersion is ${JSON.stringify(minVersion)}: it must be TLSv1.2 or TLSv1.3`,
    );
  const authorities = (Array.isArray(ca) ? [...ca] : [ca]).map(pemText);
  // An empty list would mean every authority that the platform trusts.
  if (authorities.every((text) => !text.includes('-----BEGIN CERTIFICATE-----')))
    throw new InvalidArgumentError('tls.ca holds no certificate: give the authority of the cluster in PEM');
  const options: SecureContextOptions = {
    key: pemText(key),
    cert: pemText(cert),
    ca: authorities,
    minVersion,
    // No resumption: each connection is judged by the certificates that hold when it is made.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
  let certificate: X509Certificate;
  try {
    createSecureContext(options);
    certificate = new X509Certificate(pemText(cert));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(
      `tls.key, tls.cert and tls.ca cannot be used (${reason}): give a key and its certificate in PEM`,
    );
  }
  if (!certificateNames(certificate, id))
    throw new InvalidArgumentError(
      `tls.cert does not name ${id}: issue one with the DNS name ${id} among its subject alternative names`,
    );
  return options;
}

function pemText(pem: Pem): string {
  return typeof pem === 'string' ? pem : Buffer.from(pem).toString('latin1');
}
