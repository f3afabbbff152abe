import { createPrivateKey, X509Certificate } from 'node:crypto';
import { InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { createAuthority, issueCertificate } from './certificates.js';
import { certificateNames } from './transport-tls.js';

const authority = createAuthority({ name: 'orders', days: 10 });

describe('certificates', () => {
  it('are signed by their authority, for their key, with their names and times', () => {
    const issuer = new X509Certificate(authority.cert);
    expect(issuer.ca).toBe(true);
    expect(issuer.verify(issuer.publicKey)).toBe(true);
    const { cert, key } = issueCertificate(authority, {
      dnsNames: ['n1', 'localhost'],
      ipAddresses: ['127.0.0.1', '::1', '2001:db8::7:0:9'],
      days: 90,
    });
    const certificate = new X509Certificate(cert);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.subject).toBe('CN=n1');
    expect(certificate.checkHost('localhost')).toBe('localhost');
    for (const address of ['127.0.0.1', '::1', '2001:db8:0:0:0:7:0:9'])
      expect(certificate.checkIP(address)).toBe(address);
    const lasts = Date.parse(certificate.validTo) - Date.now();
    expect(Math.abs(lasts - 90 * 86_400_000)).toBeLessThan(5_000);
  });

  it('may end after 2050', () => {
    const { cert } = issueCertificate(authority, { dnsNames: ['n1'], days: 36_500 });
    const year = new Date(Date.now() + 36_500 * 86_400_000).getUTCFullYear();
    expect(new X509Certificate(cert).validTo).toContain(String(year));
  });

  it('are refused with a name, address or time that cannot stand in one', () => {
    for (const wrong of [
      { dnsNames: [], days: 1 },
      { dnsNames: ['zwölf'], days: 1 },
      { dnsNames: ['a'.repeat(65)], days: 1 },
      { dnsNames: ['a'], days: -1 },
      { dnsNames: ['a'], ipAddresses: ['localhost'], days: 1 },
    ])
      expect(() => issueCertificate(authority, wrong)).toThrow(InvalidArgumentError);
    expect(() => issueCertificate({ ...authority, key: '' }, { dnsNames: ['a'], days: 1 })).toThrow(
      "authority's key",
    );
  });
});

describe('a certificate names a node', () => {
  const names = (dnsNames: string[], id: string, commonName?: string): boolean => {
    const issued = issueCertificate(authority, {
      dnsNames,
      days: 1,
      ...(commonName === undefined ? {} : { commonName }),
    });
    return certificateNames(new X509Certificate(issued.cert), id);
  };

  it('when one of its DNS names is the id, letter for letter', () => {
    expect(names(['n1'], 'n1')).toBe(true);
    expect(names(['x', 'n1'], 'n1')).toBe(true);
    expect(names(['node_1.east-2'], 'node_1.east-2')).toBe(true);
    for (const other of ['n2', 'N1', 'n', 'n11', 'n1.x', '.n1', '', 'n1\0', 'n1.'])
      expect(names(['n1'], other), other).toBe(false);
  });

  it('never by a wildcard or a part', () => {
    expect(names(['*.east'], 'n1.east')).toBe(false);
    expect(names(['n1.east'], '.east')).toBe(false);
    expect(names(['*'], 'n1')).toBe(false);
  });

  it('by its common name only where it has no DNS names', () => {
    expect(names([], 'n1', 'n1')).toBe(true);
    expect(names(['n2'], 'n1', 'n1')).toBe(false);
  });

  it('not by text inside another name', () => {
    expect(names(['x, DNS:n1'], 'n1')).toBe(false);
    expect(names(['x, DNS:n1, y'], 'n1')).toBe(false);
  });
});
