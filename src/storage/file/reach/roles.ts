/** Two roles of the port; what they do is loaded when it is asked for. */
import type { Presence } from '../../port/presence.ts';
import type { Reach } from '../../port/reach.ts';
import type { FileContext } from '../disk/context.ts';
import { seen } from './seen.ts';

export function reachOf(ctx: FileContext): Reach {
  const at = (name: string) => ctx.layout.mailbox(name);
  const known = (): Promise<typeof import('./sessions.ts')> => import('./sessions.ts');
  const told = (): Promise<typeof import('./announcements.ts')> => import('./announcements.ts');
  return {
    sessions: async () => (await known()).sessions(ctx),
    getSession: async (key) => (await known()).getSession(ctx, key),
    isRunning: async (key) => (await known()).isRunning(ctx, key),
    putSession: async (session) => (await known()).putSession(ctx, session),
    removeSession: async (key) => (await known()).removeSession(ctx, key),
    takePlace: async (key, token) => (await known()).takePlace(ctx, key, token),
    hasPlace: async (key, token) => (await known()).hasPlace(ctx, key, token),
    announcements: async (mailbox, key) => (await told()).announcements(ctx, at(mailbox), key),
    announcedIn: async (mailbox) => (await told()).announcedIn(ctx, at(mailbox)),
    announce: async (mailbox, key, wanted) => (await told()).announce(ctx, at(mailbox), key, wanted),
    forget: async (mailbox, key, of) => (await told()).forget(ctx, at(mailbox), key, of),
    sweep: async ({ dryRun }) => (await known()).sweepSessions(ctx, dryRun),
    note: async (line) => (await import('./hook-log.ts')).note(ctx, line),
  };
}

export function presenceOf(ctx: FileContext): Presence {
  const at = (name: string) => ctx.layout.mailbox(name);
  const known = (): Promise<typeof import('./presence.ts')> => import('./presence.ts');
  return {
    put: async (mailbox, record) => (await known()).putPresence(ctx, at(mailbox), record),
    seen: (mailbox) => seen(ctx, at(mailbox)),
    get: async (mailbox) => (await known()).getPresence(ctx, at(mailbox)),
    async forget(mailbox) {
      await ctx.disk.remove(at(mailbox).presence);
    },
  };
}
