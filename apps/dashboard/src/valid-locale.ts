// Imported before the chart library, which formats numbers by the browser's language and dies with the page where that
// is no valid tag: Chromium on a system with LANG=C says `en-US@posix`.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true });
}
