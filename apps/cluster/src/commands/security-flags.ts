/** Options of certificates and tokens, which several commands share. */
import type { Command } from 'commander';

/**
 * Adds the options of a port for clients.
 *
 * @param command - Where to.
 * @returns The same command.
 */
export function addClientPortFlags(command: Command): Command {
  return command
    .option('--cert <file>', 'certificate of the port for clients, in PEM: clients use https:// then')
    .option('--key <file>', 'its private key, in PEM')
    .option('--client-ca <file>', 'authorities of clients; those without a certificate of them are refused')
    .option('--token-file <file>', 'tokens, one a line; clients must show one of them');
}

/**
 * Adds the options between nodes.
 *
 * @param command - Where to.
 * @returns The same command.
 */
export function addPeerSecurityFlags(command: Command): Command {
  return command
    .option(
      '--peer-cert <file>',
      'certificate between nodes, in PEM; must name this node. Peers are wss:// then',
    )
    .option('--peer-key <file>', 'its private key, in PEM')
    .option('--peer-ca <file>', "authorities of the nodes' certificates, in PEM")
    .option(
      '--peer-token-file <file>',
      "the cluster's tokens, one a line: the first is proved, all are accepted",
    );
}

/**
 * Adds the options of whoever talks to a port for clients.
 *
 * @param command - Where to.
 * @returns The same command.
 */
export function addClientSecurityFlags(command: Command): Command {
  return command
    .option('--cacert <file>', "authorities of the server's certificate, in PEM", process.env.SYNOD_CACERT)
    .option('--cert <file>', 'certificate to show, in PEM', process.env.SYNOD_CERT)
    .option('--key <file>', 'its private key, in PEM', process.env.SYNOD_KEY)
    .option('--token-file <file>', 'token to show: the first line', process.env.SYNOD_TOKEN_FILE);
}
