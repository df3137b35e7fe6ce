/** OpenCode, by the plugin that `dreamos setup opencode` writes: it tells in our own words, and takes `{"text"}`. */
import { hearAs, type Host } from './host.ts';

const moments = { begin: 'begin', prompt: 'prompt', step: 'step', rest: 'rest', end: 'end', edit: 'edit' } as const;

export const opencode: Host = {
  hear(said) {
    const files = Array.isArray(said['files']) ? said['files'].filter((file) => typeof file === 'string') : [];
    return hearAs(said, moments, {
      forgets: said['forgets'] === true,
      isWake: said['wake'] === true,
      ...(files.length > 0 && { files }),
    });
  },
  // At rest it is woken by who waits for it.
  tell: ({ moment }, sentence) => (moment === 'rest' ? undefined : { text: sentence }),
  refuse: (_, why) => ({ refuse: why }),
  sessionIn: (env) => env['OPENCODE_SESSION_ID'],
};
