// How a check says no.

/** What a check found to be false, in words for experts; the code of the check says it to everybody. */
export class Refused extends Error {}

export function refuseUnless(holds, words) {
  if (!holds) throw new Refused(words);
}
