// RFC 8785, as far as hashed texts here need it: ASCII names, arrays, strings, whole numbers.
import { Malformed } from "./bytes.js";

/** The content that a text is the one RFC 8785 form of; `look` sees it before its form is judged. Throws Malformed. */
export function parsed(text, look = () => {}) {
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Malformed("not JSON");
  }
  look(content);
  if (written(content) !== text) throw new Malformed("not in the form of RFC 8785");
  return content;
}

/** Content of a text that people may have laid out anew: names once, whole numbers without fraction or exponent. */
export function parsedLoosely(text) {
  let content, names = 0;
  try {
    content = JSON.parse(text, (_, value) => {
      if (value !== null && typeof value === "object" && !Array.isArray(value)) names += Object.keys(value).length;
      return Object.is(value, -0) ? 0 : value;
    });
  } catch {
    throw new Malformed("not JSON");
  }
  const bare = text.replaceAll(STRING, '""');
  if (/\d[.eE]/.test(bare)) throw new Malformed("a number that is not whole");
  if (names !== (bare.match(/""\s*:/g) ?? []).length) throw new Malformed("a name comes twice");
  return content;
}

const STRING = /"(?:[^"\\]|\\.)*"/g;

/** The RFC 8785 form, also of what is nested without end: that is malformed, too. */
function written(content) {
  try {
    return canonical(content);
  } catch (error) {
    throw error instanceof Malformed ? error : new Malformed("nested too deeply");
  }
}

export function canonical(content) {
  if (typeof content === "string") {
    if (!content.isWellFormed()) throw new Malformed("a string that is no text");
    return JSON.stringify(content);
  }
  if (Number.isSafeInteger(content) && !Object.is(content, -0)) return String(content);
  if (Array.isArray(content)) return `[${content.map(canonical).join(",")}]`;
  if (content === null || typeof content !== "object") throw new Malformed("neither object, array, string nor whole number");
  const names = Object.keys(content).sort();
  if (!names.every((name) => /^[\x20-\x7e]*$/.test(name))) throw new Malformed("a name that is not ASCII");
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(content[name])}`).join(",")}}`;
}
