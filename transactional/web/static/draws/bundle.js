// Reads a bundle: its parts, and whether each has its form. Whether what they say is true belongs to checks.js.
import { members, whole } from "./archive.js";
import { Malformed, fromBase64, text, utf8 } from "./bytes.js";
import { parsed } from "./canonical.js";
import { checkLeaf, forms, object } from "./leaves.js";
import { leafHash } from "./merkle.js";
import { checkpoint } from "./notes.js";

const FORMAT = "mingsuan/draw-bundle/v1";
const MOST_MANIFEST_BYTES = 64 * 1024 * 1024, MOST_RULES_BYTES = 1024 * 1024, MOST_LEAF_BYTES = 65_535;
const MEMBERS = ["manifest.json", "tickets.bin", "rules.txt"];
const FIELDS = ["format", "leaves", "checkpoint", "witnessed"];
const KEYS = /key|policy|^(?:log|witnesses|quorum|chains)$/i;
const isLeaf = object({ index: forms.whole(0), leaf: forms.text, proof: forms.list(forms.text) });
const isWitnessed = object({ checkpoint: forms.text, consistency: forms.list(forms.text) });
const isNothing = object({});
const isManifest = object({
  format: forms.oneOf(FORMAT),
  leaves: forms.list(isLeaf, 1),
  checkpoint: forms.text,
  witnessed: (value) => isWitnessed(value) || isNothing(value),
});

export class BroughtKeys extends Error {}

/** The bundle with everything decoded. Throws BroughtKeys, or Malformed. */
export function read(archive) {
  const parts = members(archive, refuseKeys);
  if (!parts.has("manifest.json")) throw new Malformed("there is no manifest.json");
  const manifest = manifestOf(whole(parts.get("manifest.json")));
  for (const name of parts.keys()) if (!MEMBERS.includes(name)) throw new Malformed(`${name} is no part of a bundle`);
  if (!parts.has("rules.txt")) throw new Malformed("rules.txt is missing");
  const rules = whole(parts.get("rules.txt"));
  if (rules.length > MOST_RULES_BYTES) throw new Malformed("rules.txt is too large");
  text(rules);
  const leaves = manifest.leaves.map(leafOf);
  checkTogether(leaves, parts.has("tickets.bin"));
  return {
    leaves,
    checkpoint: checkpoint(manifest.checkpoint),
    witnessed: isNothing(manifest.witnessed) ? null : witnessedOf(manifest.witnessed),
    tickets: parts.has("tickets.bin") ? whole(parts.get("tickets.bin")) : undefined,
    rules,
  };
}

function refuseKeys(names) {
  for (const name of names) if (KEYS.test(name)) throw new BroughtKeys(name);
}

function manifestOf(bytes) {
  if (bytes.length > MOST_MANIFEST_BYTES) throw new Malformed("manifest.json is too large");
  const manifest = parsed(text(bytes), (content) => refuseKeys(Object.keys(content ?? {})));
  if (!isManifest(manifest)) throw new Malformed("manifest.json has another form");
  return manifest;
}

function leafOf({ index, leaf, proof }) {
  const bytes = utf8(leaf);
  if (bytes.length > MOST_LEAF_BYTES) throw new Malformed("a leaf is too long");
  const says = parsed(leaf);
  checkLeaf(says);
  return { index, hash: leafHash(bytes), says, proof: proof.map(fromBase64) };
}

function witnessedOf({ checkpoint: note, consistency }) {
  return { checkpoint: checkpoint(note), consistency: consistency.map(fromBase64) };
}

function checkTogether(leaves, hasTickets) {
  const [first] = leaves;
  if (first.says.type !== "draw-open/v1") throw new Malformed("the opening is not the first leaf");
  if (leaves.some((leaf) => leaf.says.draw_id !== first.says.draw_id)) throw new Malformed("leaves of two draws");
  if (leaves.some((leaf, i) => i > 0 && leaf.index <= leaves[i - 1].index))
    throw new Malformed("the leaves are not in the log's order");
  if (hasTickets && !leaves.some((leaf) => leaf.says.type === "draw-commit/v1"))
    throw new Malformed("tickets.bin comes before the commitment");
}
