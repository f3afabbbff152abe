// A page that needs nothing but its own files: relative URLs, no inlined scripts, styles or images, so that the
// gateway can serve it under the strictest content security policy. `vite` alone serves the page for work on it and
// passes the API on to a running gateway.
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 250,
    reportCompressedSize: true,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/v1': process.env.SYNOD_ENDPOINT ?? 'http://127.0.0.1:8700' },
  },
});
