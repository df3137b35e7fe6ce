/**
 * What is looked at before anything else is done with a request: by the line and the headers as they came, since a path that is
 * decoded, joined or normalised by one layer and not by another leads past what only one of them looks at.
 */
import type { IncomingMessage } from 'node:http';
import { commandOf, type OperationName } from '../../contract/operations.ts';
import { notThroughServer } from '../../contract/remote/through-server.ts';
import { nearestName } from '../../model/refusals.ts';
import { asDenied, asUsage, Refusal } from '../route/refusal.ts';

/** Which methods there are at each path. */
export type Known = ReadonlyMap<string, ReadonlySet<string>>;

/** What a browser calls a server of this machine: any other name may be made to lead here by whom it belongs to. */
const ownHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** @returns why it is not gone on with, if it is not */
export function refusalOf(incoming: IncomingMessage, known: Known): Refusal | undefined {
  const { method = '', url = '', headers, rawHeaders } = incoming;
  const { host, origin } = headers;
  // Node takes the first, and who is in front of it perhaps the last.
  if (rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length > 1)
    return new Refusal(400, asUsage, 'The request names its host twice.');
  if (host !== undefined && !ownHost.test(host))
    return new Refusal(
      421,
      asUsage,
      `This server is not called ${JSON.stringify(host)}.`,
      'Call it localhost or 127.0.0.1',
    );
  if (origin !== undefined && origin !== `http://${host}`)
    return new Refusal(403, asDenied, `A page of ${JSON.stringify(origin)} may not ask this server.`);
  const path = pathIn(url);
  const methods = known.get(path);
  if (!methods) return notThere(path, known);
  if (isOfAnotherSite(headers['sec-fetch-site'], path))
    return new Refusal(403, asDenied, 'A page of another site may not ask this server.');
  if (methods.has(method)) return undefined;
  const allow = allowOf(methods);
  return new Refusal(405, asUsage, `${path} takes ${allow}, not ${method}.`, undefined, { allow });
}

/** As it came. */
export function pathIn(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** Of what a browser says itself, whatever the page would like; a page that is opened by a link is no such thing. */
function isOfAnotherSite(said: string | string[] | undefined, path: string): boolean {
  return path.startsWith('/v1/') && said !== undefined && said !== 'same-origin' && said !== 'none';
}

/** `GET, HEAD` */
export function allowOf(methods: ReadonlySet<string>): string {
  return [...methods].join(', ');
}

function notThere(path: string, known: Known): Refusal {
  const operation = path.replace(versioned, '').replace('/', '.') as OperationName;
  const why = Object.hasOwn(notThroughServer, operation) ? notThroughServer[operation] : undefined;
  const verb = why && commandOf(operation);
  if (verb) return new Refusal(404, asUsage, `"${verb}" is not done over HTTP: it ${why}.`, `dreamos ${verb} --help`);
  // What all have in common makes none of them nearer.
  const meant = path.length < 200 ? nearestPath(path, [...known.keys()]) : '';
  const shown = JSON.stringify(path.length < 200 ? path : `${path.slice(0, 200)}…`);
  return new Refusal(404, asUsage, `There is nothing at ${shown}.`, `${meant}What there is: /openapi.json`);
}

const versioned = /^\/v1\//;

function nearestPath(path: string, known: readonly string[]): string {
  const bare = (one: string): string => one.replace(versioned, '');
  const nearest = nearestName(bare(path), known.map(bare));
  const meant = known.find((one) => bare(one) === nearest);
  return meant === undefined ? '' : `Did you mean ${meant}? `;
}
