/** The files that a patch of Codex's own form (`*** Update File: …`) names, line by line; as OpenCode's tools take it, too. */
export const patchedFile = /^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$/gm;
