// The swarm at work, drawn anew four times a second; where there is no terminal, a line whenever something happens.
import { styleText } from 'node:util';

const blocks = { done: '█', active: '▓', assigned: '▒', ready: '░', blocked: '·' };
const colours = { working: 'green', idle: 'gray', killed: 'red', paused: 'yellow' };

export function createScreen(out, { agents, total }) {
  const isLive = out.isTTY && out.columns >= 60 && out.rows >= 22;
  const paint = out.isTTY && !process.env.NO_COLOR ? styleText : (_, text) => text;
  const told = [];
  let drawn = 0;

  const tell = (text) => {
    if (isLive) told.push(text);
    else out.write(`${text}\n`);
  };

  const draw = ({ counts, seconds, now }) => {
    if (!isLive) return;
    const bar = Object.entries(blocks)
      .map(([state, block]) => block.repeat(Math.round(((counts[state] ?? 0) / total) * 50)))
      .join('');
    const lines = [
      `${bar.slice(0, 50).padEnd(50)} ${counts.done ?? 0} of ${total} done, ${seconds.toFixed(0)} s`,
      Object.entries(blocks)
        .map(([state, block]) => `${block} ${state} ${counts[state] ?? 0}`)
        .join('   '),
      '',
      ...agents.map(({ name, capabilities }) => {
        const { state, what = '' } = now.get(name) ?? { state: 'idle' };
        return `${name.padEnd(6)} ${paint(colours[state] ?? 'gray', state.padEnd(8))} ${what.padEnd(10)} ${paint('gray', capabilities.join(', '))}`;
      }),
      '',
      ...told.slice(-7),
    ];
    out.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}${lines.map((line) => `\x1b[2K${line}\n`).join('')}\x1b[0J`);
    drawn = lines.length;
  };

  return { tell, draw };
}
