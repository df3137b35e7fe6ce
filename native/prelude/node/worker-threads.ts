export const threadId = 0;
