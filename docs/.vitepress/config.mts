import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DefaultTheme, defineConfig } from 'vitepress';

/** Written by typedoc just before this is read; absent while only the guides are worked on. */
const apiSidebarFile = fileURLToPath(new URL('../api/typedoc-sidebar.json', import.meta.url));
const apiSidebar: DefaultTheme.SidebarItem[] = existsSync(apiSidebarFile)
  ? JSON.parse(readFileSync(apiSidebarFile, 'utf8'))
  : [];

export default defineConfig({
  title: 'Synod',
  description: 'Consensus, delivery and balancing for TypeScript.',
  cleanUrls: true,
  // READMEs that guides include point at source files, which the site does not carry.
  ignoreDeadLinks: [/\/src\/[\w.-]+$/],
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Guide', link: '/guide/getting-started' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: {
      '/guide/': [
        {
          text: 'Guide',
          items: [
            { text: 'Getting started', link: '/guide/getting-started' },
            { text: 'How it fits together', link: '/guide/architecture' },
            { text: 'What is promised', link: '/guide/guarantees' },
            { text: 'Running a cluster', link: '/guide/running-a-cluster' },
            { text: 'Backup and restore', link: '/guide/backup' },
            { text: 'The log of a node, offline', link: '/guide/wal-tools' },
            { text: 'Attacks', link: '/guide/attacks' },
            { text: 'Many groups in one process', link: '/guide/many-groups' },
            { text: 'The transport', link: '/guide/transport' },
            { text: 'The log on disk', link: '/guide/storage' },
            { text: 'Commands and REST API', link: '/guide/rest-api' },
            { text: 'Raft, situation by situation', link: '/guide/raft-scenarios' },
            { text: 'Multi-Paxos, situation by situation', link: '/guide/paxos-scenarios' },
            { text: 'Raft and Paxos, side by side', link: '/guide/raft-and-paxos' },
            { text: 'Benchmarks', link: '/guide/benchmarks' },
            { text: 'Time without a leader', link: '/guide/elections' },
            { text: 'Real networks', link: '/guide/networks' },
            { text: 'Failure detection', link: '/guide/failure-detection' },
            { text: 'Where does the next request go?', link: '/guide/balancing' },
            { text: 'Checksums', link: '/guide/checksums' },
            { text: 'Delivery over a lossy link', link: '/guide/ack-retry' },
            { text: 'What the Raft engine does', link: '/guide/raft-features' },
            { text: 'One value, and registers', link: '/guide/synod-and-registers' },
          ],
        },
        {
          text: 'Simulation',
          items: [
            { text: 'The simulator', link: '/guide/simulation' },
            { text: 'Testing your state machine', link: '/guide/testing-your-state-machine' },
            { text: 'The bugs it finds', link: '/guide/simulation-bugs' },
            { text: 'Bugs of Paxos that it finds', link: '/guide/paxos-bugs' },
            { text: 'Bugs found by exploration', link: '/guide/exploration-bugs' },
            { text: 'Mistakes of a Synod', link: '/guide/synod-bugs' },
            { text: 'What it never reaches', link: '/guide/simulation-coverage' },
          ],
        },
        { text: 'Decisions', items: [{ text: 'Where the plan was changed', link: '/guide/decisions' }] },
      ],
      '/api/': [{ text: 'Packages', items: apiSidebar }],
    },
  },
});
