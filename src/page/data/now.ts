/** The time, for what says how long ago something was: it moves every five seconds, and rests with the page. */
import { signal } from '@preact/signals';

export const now = signal(Date.now());

setInterval(() => document.hidden || (now.value = Date.now()), 5000);
document.addEventListener('visibilitychange', () => (now.value = Date.now()));
