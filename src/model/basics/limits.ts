/** Limits that more than one place knows: schemas, checks, refusals, help. */

export const topicCharacters = 128;
export const subjectCharacters = 200;
/** Also of a tag. */
export const typeCharacters = 64;
/** Of a consumer's label. */
export const labelCharacters = 64;
/** So many tags one message may have. */
export const mostTags = 64;
/** Of a dedupe key, an ordering key and a replace key. */
export const keyCharacters = 512;
/** Objects and lists in one another, the message counted; far from where the recursion of JSON.stringify ends. */
export const mostLevels = 1000;
/**
 * Of a card, settings, a reason: what holds messages and events, and a little around them; far from where the recursion of
 * structuredClone ends, which is sooner.
 */
export const mostDocumentLevels = 1100;

/** No setting allows more: body and data of one message together, in bytes. */
export const hardMaxMessageBytes = 67_108_864;

/**
 * A larger file is read by nobody, so nobody writes one. A message has its envelope in it, and some characters of its body
 * and data are six bytes in JSON.
 */
export const mostFileBytes = 72 * 1024 * 1024;

/** So many names one file may have; ext4 stops at 65,000. */
export const mostRecipients = 10_000;

/** No file has to hold more messages than this, and no call sends more. */
export const mostAtOnce = 1000;

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** A claim is never longer than this, so that a dead consumer cannot hold a message for days. */
export const maxLeaseMs = 12 * hourMs;

/** Nor does a request wait longer, nor stay its inbox longer than this behind it: a requester that lives closes it itself. */
export const maxRequestMs = 12 * hourMs;
export const inboxGraceMs = 2000;

/** A lease that is over before the message is read would use up its attempts for nothing. */
export const minLeaseMs = 100;

/** Times far beyond any use would not fit the names and dates that are made of them. */
export const longestMs = 3650 * dayMs;
