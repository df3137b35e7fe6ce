/** The page's entry: what is built into dist/page/app.js. */
import { render } from 'preact';
import { followAddress } from './base/place.ts';
import { keepSettings } from './base/settings.ts';
import { takeToken } from './base/token.ts';
import { Shell } from './shell/shell.tsx';

// Before the views follow the address: a token is none of their business.
addEventListener('hashchange', takeToken);
takeToken();
followAddress();
keepSettings();
render(<Shell />, document.body);
