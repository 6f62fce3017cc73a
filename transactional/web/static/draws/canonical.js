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
  if (canonical(content) !== text) throw new Malformed("not in the form of RFC 8785");
  return content;
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
