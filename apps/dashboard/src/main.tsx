// The page's entry. The styles come with index.html, so that they are there before the first paint.
import './valid-locale.js';
import { render } from 'preact';
import { App } from './app.js';

const page = document.getElementById('page');
if (page !== null) render(<App />, page);
