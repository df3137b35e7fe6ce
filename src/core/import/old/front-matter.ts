/**
 * Markdown with a header, as mcp_agent_mail and AMQ write it: `---json`, an object, `---`, the words. A header of plain
 * `name: value` lines is understood, too.
 */
import { mostTags, typeCharacters } from '../../../model/basics/limits.ts';
import { exactly } from '../../../model/basics/raw-json.ts';
import { placeAt, placeText } from '../../../model/basics/json-place.ts';
import { isRecord, OldFields } from './fields.ts';
import { readJson } from './json-text.ts';
import type { OldMessage } from './message.ts';
import { parseOldTime } from './time.ts';
import { priorityOf } from './words.ts';

export type FrontMatter =
  { readonly ok: true; readonly message: OldMessage } | { readonly ok: false; readonly why: string };

const jsonHeader = /^---(?:json)?[ \t]*\r?\n(?=\s*\{)/;
const lineHeader = /^---[ \t]*\r?\n([\s\S]*?\n)---[ \t]*(?:\r?\n|$)/;
const end = /\r?\n---[ \t]*(?:\r?\n|$)/;
const times = ['created', 'created_ts', 'created_at', 'date', 'timestamp', 'sent_at'];

/** @returns `undefined`: it has no header of a message, and is Markdown like any other */
export function readFrontMatter(whole: string): FrontMatter | undefined {
  const text = whole.replace(/^\uFEFF/, '');
  return beginsWithJson(text) ? readJsonHeader(text) : readLines(text);
}

function beginsWithJson(text: string): boolean {
  return text.startsWith('---json') || jsonHeader.test(text);
}

function readJsonHeader(text: string): FrontMatter {
  const start = text.indexOf('\n') + 1;
  const rest = text.slice(start);
  const close = start === 0 ? null : end.exec(rest);
  if (close === null) return { ok: false, why: 'its header has no end: there is no line --- behind it' };
  const header = rest.slice(0, close.index);
  const json = readJson(header);
  if (!json.ok) {
    const place = placeText(placeAt(text, start + json.at));
    return { ok: false, why: `its header is not JSON, ${place}: ${json.problem}` };
  }
  const { value } = json;
  const fields = isRecord(value) ? new OldFields(value) : undefined;
  if (!fields || !saysWho(fields)) {
    const keys = isRecord(value) ? Object.keys(value).slice(0, 8).join(', ') : '';
    return { ok: false, why: `its header is not one of a message${keys === '' ? '' : ` (it has ${keys})`}` };
  }
  return {
    ok: true,
    message: message(fields, rest.slice(close.index + close[0].length), exactly(header, JSON.parse(header))),
  };
}

function readLines(text: string): FrontMatter | undefined {
  const match = lineHeader.exec(text);
  if (!match) return undefined;
  const header: Record<string, unknown> = {};
  let last: string[] | undefined;
  for (const line of (match[1] ?? '').split(/\r?\n/).filter((each) => each.trim() !== '')) {
    const item = /^\s*-\s+(\S.*)$/.exec(line)?.[1];
    const [, key, value] = /^([A-Za-z_]\w*):\s*(.*)$/.exec(line) ?? [];
    if (item !== undefined && last) last.push(bare(item));
    else if (key === undefined || value === undefined) return undefined;
    else header[key] = value.trim() === '' ? (last = []) : scalar(value.trim());
  }
  const fields = new OldFields(header);
  if (!saysWho(fields)) return undefined;
  return { ok: true, message: message(fields, text.slice(match[0].length), header) };
}

function scalar(value: string): unknown {
  if (/^\[.*\]$/.test(value)) {
    const items = value.slice(1, -1).split(',');
    return items.map((item) => bare(item.trim())).filter((item) => item !== '');
  }
  return /^(?:null|~)$/.test(value) ? null : bare(value);
}

function bare(value: string): string {
  return /^(["'])(.*)\1$/.exec(value.trim())?.[2] ?? value.trim();
}

// A sender and somebody it is for: other Markdown has a date and a title in its header, too.
function saysWho(fields: OldFields): boolean {
  return fields.text('from', 'sender') !== undefined && recipientsOf(fields).length > 0;
}

function recipientsOf(fields: OldFields): string[] {
  return [...fields.names('to', 'recipients', 'recipient'), ...fields.names('cc'), ...fields.names('bcc')];
}

function message(fields: OldFields, rest: string, original: unknown): OldMessage {
  const notes: string[] = [];
  const [timeName, time] = fields.all(...times)[0] ?? [];
  const at = parseOldTime(time);
  if (at === undefined)
    notes.push(timeName === undefined ? 'no time in it' : `time ${timeName} ${JSON.stringify(time)} cannot be read`);
  const importance = fields.value('importance', 'priority');
  if (importance !== undefined && !priorityOf(importance))
    notes.push(`priority ${JSON.stringify(importance)} is on no known scale, taken as normal`);
  const isAmq = fields.has('schema');
  const parent =
    fields.text('in_reply_to') ?? firstOf(fields.value('refs')) ?? (isAmq ? undefined : fields.text('reply_to'));
  return {
    format: isAmq ? 'amq' : 'mcp-agent-mail',
    from: fields.text('from', 'sender'),
    to: recipientsOf(fields),
    subject: fields.text('subject') ?? '',
    body: wordsOf(rest, isAmq),
    type: fields.text('kind', 'type') ?? 'message',
    priority: priorityOf(importance) ?? 'normal',
    thread: fields.text('thread_id', 'thread') ?? null,
    replyTo: parent ?? null,
    tags: tagsOf(fields.value('labels', 'tags')),
    at,
    finished: false,
    original,
    notes,
    hasCopies: true,
  };
}

// Both put an end of line behind the words, and mcp_agent_mail an empty line before them.
function wordsOf(rest: string, isAmq: boolean): string {
  return (isAmq ? rest : rest.replace(/^\r?\n/, '')).replace(/\r?\n$/, '');
}

function firstOf(value: unknown): string | undefined {
  return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : undefined;
}

function tagsOf(value: unknown): string[] {
  const tags = Array.isArray(value) ? value : [];
  const kept = tags.filter(
    (tag): tag is string => typeof tag === 'string' && tag !== '' && tag.length <= typeCharacters,
  );
  return [...new Set(kept)].slice(0, mostTags);
}
