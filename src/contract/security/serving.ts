/** What the server of a root and its tokens print with --json. */
import * as z from 'zod/mini';
import { type Known, once, schema, type Schema } from '../../model/schema.ts';

type Of<S extends Schema<z.core.$ZodType>> = Known<z.output<ReturnType<S>>>;
const text = once(() => z.string());
const time = once(() => z.iso.datetime());

/** By which a program proves over TCP which agent it acts as. What it proves it with is printed once, by `token create`. */
export const token = schema(() =>
  z.object({
    id: text(),
    agent: text(),
    madeAt: time(),
    /** Who has made it; `null`: nobody said who he was. */
    by: z.nullable(text()),
    /** `null`: until it is revoked. */
    expiresAt: z.nullable(time()),
    /** It proves nothing any more. */
    expired: z.boolean(),
  }),
);
export type Token = Of<typeof token>;

export const tokenMade = schema(() =>
  z.extend(token(), {
    /** What `Authorization: Bearer` takes. It is kept nowhere: a lost one is made anew. */
    token: text(),
  }),
);
export type TokenMade = Of<typeof tokenMade>;

/** A server of a root, as it says of itself. */
export const serving = schema(() =>
  z.object({
    pid: z.number(),
    version: text(),
    /** Its root's folder. */
    root: text(),
    since: time(),
    /** Its unix socket. */
    socket: text(),
    /** `http://127.0.0.1:7420`; `null`: it does not listen on TCP. */
    http: z.nullable(text()),
    /** The folder with a folder and a socket for each agent; `null`: there is none. */
    agentSockets: z.nullable(text()),
    readOnly: z.boolean(),
  }),
);
export type Serving = Of<typeof serving>;

export const serveStopped = schema(() =>
  z.object({
    pid: z.number(),
    /** How long it took to end what it was at. */
    tookMs: z.number(),
  }),
);
export type ServeStopped = Of<typeof serveStopped>;

/** Where the page of a root is to be opened. */
export const dashboard = schema(() =>
  z.object({
    /** With a token behind its `#`, which is as good as a password until it expires. */
    url: text(),
    agent: text(),
    expiresAt: time(),
    /** The process that serves it. */
    pid: z.number(),
  }),
);
export type Dashboard = Of<typeof dashboard>;
