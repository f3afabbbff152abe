/** `synod certificates`: an authority of one's own and certificates for nodes, gateway and clients. */
import { X509Certificate } from 'node:crypto';
import * as fs from 'node:fs';
import { isIP } from 'node:net';
import * as path from 'node:path';
import { parseInteger, parseNodeId } from '@synod/core';
import {
  type CertificateAuthority,
  createAuthority,
  issueCertificate,
} from '@synod/transport-ws/certificates';
import type { Command } from 'commander';
import { readSecurityFile } from '../security-files.js';
import { say } from '../terminal.js';

interface CertificateFlags {
  readonly dir: string;
  readonly nodes: string;
  readonly hosts: string;
  readonly days: string;
}

const authorityDays = 3_650;

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addCertificatesCommand(program: Command): void {
  program
    .command('certificates')
    .description('make an authority of your own, and certificates for nodes, gateway and clients')
    .option('--dir <dir>', 'where to write; the authority there is used again', 'certificates')
    .option('--nodes <list>', 'who gets one', 'n1,n2,n3,gateway,client')
    .option('--hosts <list>', 'names and addresses under which clients reach them', 'localhost,127.0.0.1')
    .option('--days <n>', 'how long they hold', '90')
    .addHelpText(
      'after',
      `
Example:
  $ synod certificates --dir certs
  $ synod up --peer-cert certs/{id}.pem --peer-key certs/{id}.key --peer-ca certs/ca.pem \\
      --cert certs/{id}.pem --key certs/{id}.key --cacert certs/ca.pem
  $ synod put color green --endpoint https://127.0.0.1:8700 --cacert certs/ca.pem

Whoever has ca.key can make themselves any node: keep it away from the nodes, which do not need it.`,
    )
    .action(makeCertificates);
}

function makeCertificates(flags: CertificateFlags): void {
  const days = parseInteger(Number(flags.days), '--days', 1, authorityDays);
  const ids = flags.nodes.split(',').map((id) => parseNodeId(id.trim(), 'the node in --nodes'));
  const hosts = flags.hosts
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '');
  fs.mkdirSync(flags.dir, { recursive: true });
  const authority = openAuthority(flags.dir);
  for (const id of ids) {
    const { cert, key } = issueCertificate(authority, {
      dnsNames: [id, ...hosts.filter((host) => isIP(host) === 0)],
      ipAddresses: hosts.filter((host) => isIP(host) !== 0),
      days,
    });
    write(path.join(flags.dir, `${id}.key`), key, 0o600);
    write(path.join(flags.dir, `${id}.pem`), cert, 0o644);
    say(`${path.join(flags.dir, `${id}.pem`)} for ${[id, ...hosts].join(', ')}, ${days} days`);
  }
}

function openAuthority(directory: string): CertificateAuthority {
  const [certFile, keyFile] = [path.join(directory, 'ca.pem'), path.join(directory, 'ca.key')];
  if (fs.existsSync(keyFile)) {
    const cert = readSecurityFile(certFile, '--dir').toString();
    const key = readSecurityFile(keyFile, '--dir').toString();
    return { name: new X509Certificate(cert).subject.replace(/^CN=/, ''), cert, key };
  }
  const authority = createAuthority({ name: 'synod authority', days: authorityDays });
  write(keyFile, authority.key, 0o600);
  write(certFile, authority.cert, 0o644);
  say(`${certFile}: a new authority, ${authorityDays} days`);
  return authority;
}

/** Aside and renamed, so that a program that looks at the file never sees half of it. */
function write(file: string, text: string, mode: number): void {
  fs.writeFileSync(`${file}.tmp`, text, { mode });
  fs.renameSync(`${file}.tmp`, file);
}
