/**
 * How many connections there are at once, since each is a file of the server. Where no place is left, the connection that has rested
 * for longest makes room; where none rests, who comes is answered that he may come again, with his first request.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../model/clock.ts';
import { Refusal } from '../route/refusal.ts';
import type { Door } from './access.ts';

/** Of one agent that proves who he is; of all that come over TCP, where other users of this machine can; and of all. */
export const mostConnections = { agent: 64, tcp: 256, all: 1024 };
/** So many more may ask, to be told that they come too early; the others are told before. */
const mostTurnedAway = 64;
/** Who has just come has yet to say what he wants; milliseconds. */
const silentMs = 5000;

export interface Places {
  /** A connection that is there from now on until it closes. */
  come(socket: Socket, door: Door): void;
  /** A request on it begins. @returns why it is not gone on with, if it is not */
  begin(socket: Socket): Refusal | undefined;
  /** A request on it has ended. */
  end(socket: Socket): void;
  /** It is this agent's, as a request on it has proved. @throws SERVER_BUSY */
  prove(socket: Socket, agent: string): void;
}

interface Place {
  readonly socket: Socket;
  /** It counts in these. */
  readonly groups: Set<string>;
  /** It has to count in these. */
  wants: readonly string[];
  /** Requests that are not answered yet. */
  active: number;
  hasAsked: boolean;
  /** Since when it rests; milliseconds of the clock's uptime. */
  since: number;
}

export function createPlaces(clock: Clock, most: typeof mostConnections = mostConnections): Places {
  const groups = new Map<string, Set<Place>>();
  const places = new WeakMap<Socket, Place>();
  const turnedAway = new Set<Place>();

  const mostOf = (group: string): number => (group === all ? most.all : group === tcp ? most.tcp : most.agent);

  function leave(place: Place): void {
    for (const group of place.groups) {
      const there = groups.get(group);
      there?.delete(place);
      if (there?.size === 0) groups.delete(group);
    }
    place.groups.clear();
  }

  function longestResting(there: Iterable<Place>): Place | undefined {
    const now = clock.uptime();
    let longest: Place | undefined;
    for (const place of there) {
      const { active, hasAsked, since } = place;
      if (active > 0 || (!hasAsked && now - since < silentMs)) continue;
      if (!longest || since < longest.since) longest = place;
    }
    return longest;
  }

  /** @returns in which group there is no place; `undefined`: it counts in all that it wants */
  function enter(place: Place): string | undefined {
    const wants = place.wants.filter((group) => !place.groups.has(group));
    for (const group of wants) {
      const there = groups.get(group);
      if (!there || there.size < mostOf(group)) continue;
      const resting = longestResting(there);
      if (!resting) return group;
      leave(resting);
      // What it sends now is not begun.
      resting.socket.destroy();
    }
    for (const group of wants) {
      const there = groups.get(group) ?? new Set();
      groups.set(group, there.add(place));
      place.groups.add(group);
    }
    return undefined;
  }

  const refusal = (group: string): Refusal =>
    busy(`${whose(group)} ${mostOf(group)} connections, and no more at once.`);

  return {
    come: (socket, door) => {
      const wants = [...(door.by === 'agent socket' ? [ofAgent(door.agent())] : door.by === 'token' ? [tcp] : []), all];
      const place: Place = { socket, groups: new Set(), wants, active: 0, hasAsked: false, since: clock.uptime() };
      places.set(socket, place);
      if (enter(place) !== undefined) turnedAway.add(place);
      socket.once('close', () => {
        leave(place);
        turnedAway.delete(place);
      });
      if (turnedAway.has(place) && turnedAway.size > mostTurnedAway) socket.end(rawRefusal, () => socket.destroy());
    },
    begin: (socket) => {
      const place = places.get(socket);
      if (!place) return undefined;
      place.active++;
      place.hasAsked = true;
      const full = enter(place);
      if (full !== undefined) return refusal(full);
      turnedAway.delete(place);
      return undefined;
    },
    end: (socket) => {
      const place = places.get(socket);
      if (!place) return;
      place.active--;
      place.since = clock.uptime();
    },
    prove: (socket, agent) => {
      const place = places.get(socket);
      const group = ofAgent(agent);
      if (!place || place.wants.includes(group)) return;
      place.wants = [group, ...place.wants.filter((one) => !isAgent(one))];
      for (const former of [...place.groups].filter(isAgent)) {
        groups.get(former)?.delete(place);
        place.groups.delete(former);
      }
      const full = enter(place);
      if (full === undefined) return;
      place.wants = place.wants.filter((one) => one !== full);
      throw refusal(full);
    },
  };
}

const all = 'all';
const tcp = 'tcp';
const ofAgent = (agent: string): string => `agent ${agent.toLowerCase()}`;
const isAgent = (group: string): boolean => group.startsWith('agent ');

function whose(group: string): string {
  if (group === all) return 'This server has';
  return group === tcp ? 'Over TCP this server has' : `${group.slice('agent '.length)} has`;
}

/** Nothing of it was done. @param message why not now */
export function busy(message: string): Refusal {
  return new Refusal(503, ['unreachable', 'SERVER_BUSY'], message, 'Ask again in a second; nothing was done', {
    'retry-after': '1',
    connection: 'close',
  });
}

const rawRefusal =
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
