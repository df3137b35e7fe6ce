// A client of `dreamos mcp` that says what it is given, prints what it hears, and stays until it is killed. The first line is the
// server's number.
// Input: starts (the command line of the server), said
import { spawn } from 'node:child_process';

const { starts, said } = JSON.parse(process.argv[2]);
const [file, ...args] = starts;
const server = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
process.stdout.write(`${server.pid}\n`);
server.stdin.on('error', () => undefined);
server.stdin.write(said);
server.stdout.on('data', (bytes) => process.stdout.write(bytes));
setInterval(() => undefined, 60_000);
