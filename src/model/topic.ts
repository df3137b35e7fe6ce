/**
 * Topics and patterns, after NATS: tokens joined by dots; in a pattern `*` stands for one token and `>`, at the end, for one
 * or more (https://docs.nats.io/nats-concepts/subjects). As with agents case does not matter: they are kept in lower case.
 */
import { DreamosError } from './errors.ts';
import { topicCharacters } from './basics/limits.ts';
import { cut } from './basics/text.ts';

/** A topic as it is kept: it is also a folder's name. */
export const topicPattern = /^(?=.{1,128}$)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** @returns in lower case @throws TOPIC_INVALID saying what is wrong with it */
export function parseTopic(text: string): string {
  const topic = text.toLowerCase();
  const why = fault(topic, 'topic');
  if (why !== undefined) throw invalid(text, 'topic', why);
  return topic;
}

/** @returns in lower case @throws TOPIC_INVALID */
export function parseTopicPattern(text: string): string {
  const pattern = text.toLowerCase();
  const why = fault(pattern, 'pattern');
  if (why !== undefined) throw invalid(text, 'pattern', why);
  return pattern;
}

/** @param pattern and topic as the parsers return them */
export function topicMatches(pattern: string, topic: string): boolean {
  // The price of a publish with many subscriptions: most part ways in the first characters.
  for (let i = 0, j = 0; ; i++, j++) {
    const wanted = pattern[i];
    if (wanted === '>') return j < topic.length;
    if (wanted === '*' && j < topic.length) {
      const dot = topic.indexOf('.', j);
      j = (dot === -1 ? topic.length : dot) - 1;
    } else if (wanted !== topic[j]) return false;
    else if (wanted === undefined) return true;
  }
}

// A topic's log is a mailbox to the store, under a name that no agent can have.
const mark = '#';

/** The mailbox that keeps what was published to a topic. */
export function logOf(topic: string): string {
  return mark + topic;
}

/** `undefined`: the mailbox of an agent. */
export function topicOf(mailbox: string): string | undefined {
  return mailbox.startsWith(mark) ? mailbox.slice(mark.length) : undefined;
}

export function isLog(mailbox: string): boolean {
  return mailbox.startsWith(mark);
}

function fault(text: string, what: 'topic' | 'pattern'): string | undefined {
  if (text === '') return 'it is empty';
  if (text.length > topicCharacters) return `it has ${text.length} characters`;
  const tokens = text.split('.');
  if (tokens.includes('')) return 'it has a dot with nothing before or behind it';
  for (const [i, token] of tokens.entries()) {
    if (what === 'pattern' && token === '*') continue;
    if (what === 'pattern' && token === '>') {
      if (i < tokens.length - 1) return '">" stands for all that follows, so it has to come last';
      continue;
    }
    const odd = /[^a-z0-9_-]/u.exec(token)?.[0];
    if (odd === undefined) continue;
    if (odd !== '*' && odd !== '>') return `${JSON.stringify(odd)} is not allowed in it`;
    return what === 'topic'
      ? `"${odd}" stands for several topics, and a message goes to one`
      : `"${odd}" stands for whole parts between dots`;
  }
  return undefined;
}

/** MQTT and paths have other marks between the parts. */
function dotted(text: string, what: 'topic' | 'pattern'): string {
  const meant = text
    .toLowerCase()
    .replaceAll(/[/:]+/g, '.')
    .replaceAll(/^\.|\.$/g, '')
    .replace(/\.#$/, '.>');
  if (meant === text.toLowerCase() || fault(meant, what) !== undefined) return '';
  return `Write ${what === 'topic' ? meant : `'${meant}'`}. `;
}

function invalid(text: string, what: 'topic' | 'pattern', why: string): DreamosError {
  return new DreamosError(
    'invalid',
    'TOPIC_INVALID',
    `${JSON.stringify(cut(text, 140))} cannot be a ${what}: ${why}.`,
    {
      hint: `${dotted(text, what)}${what === 'topic' ? 'Such as build.done' : "Such as 'build.*' or 'build.>' (quoted, for the shell)"}: letters, digits, dashes and underscores, joined by dots; at most ${topicCharacters} characters.`,
    },
  );
}
