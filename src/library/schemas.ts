/** The schemas as the library has them: made, and zod's own. */
import * as agent from '../model/agent.ts';
import * as event from '../model/event.ts';
import * as message from '../model/message.ts';
import * as settings from '../model/settings.ts';

export const agentCardSchema = agent.agentCardSchema();
export const mailEventSchema = event.mailEventSchema();
export const messageSchema = message.messageSchema();
export const settingsSchema = settings.settingsSchema();
