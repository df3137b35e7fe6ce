/**
 * Stands in for an agent's screen: a composer, and a dialog that the key 1 or Enter approves. What was done to it goes into a
 * file, a line each: `submitted <text>`, `approved by <key>, <milliseconds> after it opened`. Its argument is JSON:
 *   log       the file
 *   dialogAt  milliseconds after the first key when a dialog opens; a pair: at random between them; `open`: from the beginning
 *   worksMs   for so long it is seen to work before a dialog opens
 *   inPlace   it draws over what stands there, and its cursor rests in the corner
 *   redrawMs  how late what is typed is drawn
 *   swallows  `keys`: shows none; `enter`: shows them, and Enter does nothing
 *   pastes    `false`: it does not ask to be told what is pasted
 *   draft     what stands in the composer
 *   prompt    instead of that of Claude Code
 *   hook      the `words` of a hook's command, which is told of moments, and `env` for it
 */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const {
  log,
  dialogAt,
  worksMs = 0,
  inPlace = false,
  redrawMs = 0,
  swallows,
  pastes = true,
  draft = '',
  prompt = '❯ ',
  hook,
} = JSON.parse(process.argv[2]);
const note = (line) => appendFileSync(log, `${line}\n`);
let text = draft;
let isAsked = dialogAt === 'open';
let openedAt = 0;
let works = false;
let timer;
const said = ['Hello.'];

function draw() {
  const rule = '─'.repeat(60);
  const bottom = isAsked
    ? `${rule}\r\n Bash command\r\n   rm -r build\r\n Do you want to proceed?\r\n ❯ 1. Yes\r\n   2. No\r\n Esc to cancel`
    : `${works ? '* Working... (esc to interrupt)\r\n' : ''}${rule}\r\n${prompt}${text}\x1b7\r\n${rule}\r\n  ? for shortcuts\x1b8`;
  const all = `${said.slice(-5).join('\r\n')}\r\n\r\n${bottom}`;
  // oxlint-disable-next-line no-control-regex -- where the cursor is put back
  const over = all.replaceAll(/\x1b[78]/g, '').replaceAll('\r\n', '\x1b[K\r\n');
  process.stdout.write(inPlace ? `\x1b[H${over}\x1b[J\x1b[H` : `\x1b[H\x1b[2J${all}`);
}
const drawSoon = () => (redrawMs > 0 ? setTimeout(draw, redrawMs) : draw());

async function tell(event) {
  if (!hook) return;
  const [file, ...words] = hook.words;
  const child = spawn(file, words, { stdio: ['pipe', 'ignore', 'ignore'], env: { ...process.env, ...hook.env } });
  child.stdin.end(JSON.stringify({ session_id: 's1', cwd: '/', hook_event_name: event, prompt: 'x' }));
  await new Promise((resolve) => child.on('exit', resolve));
}

function openSoon() {
  if (timer || dialogAt === undefined || dialogAt === 'open') return;
  const [from, to] = [dialogAt].flat();
  const open = () => {
    works = false;
    isAsked = true;
    openedAt = performance.now();
    draw();
  };
  const work = () => {
    if (worksMs === 0) return open();
    works = true;
    draw();
    timer = setTimeout(open, worksMs);
  };
  timer = setTimeout(work, to === undefined ? from : from + Math.random() * (to - from));
}

function press(key) {
  if (key === '\x03') process.exit(0);
  if (key === '\x1b') return;
  // Of a test: as it was in the beginning; and C-t, which types nothing.
  if (key === '\x12') {
    clearTimeout(timer);
    timer = undefined;
    works = false;
    isAsked = dialogAt === 'open';
    text = draft;
    note('reset');
    return draw();
  }
  openSoon();
  if (key === '\x14') return;
  if (isAsked) {
    if (key === '\r' || key === '1') {
      const afterMs = (performance.now() - openedAt).toFixed(1);
      note(`approved by ${key === '\r' ? 'enter' : key}, ${afterMs} ms after it opened`);
      isAsked = false;
      draw();
    }
    return;
  }
  if (key !== '\r') {
    if (swallows !== 'keys') text += key;
    return drawSoon();
  }
  if (swallows === 'enter') return;
  note(`submitted ${text}`);
  said.push(`> ${text}`, 'OK.');
  text = '';
  void tell('UserPromptSubmit');
  drawSoon();
}

process.stdin.setRawMode(true);
process.stdin.setEncoding('utf8');
// What is pasted is text, of which a dialog takes none, as that of Claude Code 2.1.332.
let isPasted = false;
process.stdin.on('data', (bytes) => {
  // oxlint-disable-next-line no-control-regex -- how a terminal tells of pastes
  for (const [key] of bytes.matchAll(/\x1b\[20[01]~|[^]/gu)) {
    if (key.length > 2) isPasted = key === '\x1b[200~';
    else if (!isPasted || !isAsked) press(key);
  }
});
if (pastes) process.stdout.write('\x1b[?2004h');
draw();
await tell('SessionStart');
note('begun');
