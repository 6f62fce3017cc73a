// The policy: whose keys are believed. It comes from the visitor or from the page, never from a bundle.
import { Malformed, hex } from "./bytes.js";
import { forms, object } from "./leaves.js";
import { LOG_KEY, WITNESS_KEY, verifierKey } from "./notes.js";

const isTest = forms.oneOf(0, 1);
const isPolicy = object({
  format: forms.oneOf("mingsuan/draw-policy/v1"),
  log: forms.text,
  witnesses: forms.list(object({ key: forms.text, test: isTest })),
  quorum: forms.whole(1),
  chains: forms.list(
    object({
      hash: forms.digits(64), public_key: forms.digits(192), genesis: forms.whole(0), period: forms.whole(1),
      least_delay_s: forms.whole(1), most_delay_s: forms.whole(1), test: isTest,
    }),
  ),
});

/** Keys decoded. Throws Malformed. */
export function policyOf(content) {
  if (!isPolicy(content)) throw new Malformed("not a policy of the form mingsuan/draw-policy/v1");
  const witnesses = content.witnesses.map((each) => ({ ...verifierKey(each.key, WITNESS_KEY), test: each.test === 1 }));
  refuseTwice(witnesses.map(({ bytes }) => hex(bytes)), "a witness");
  refuseTwice(content.chains.map(({ hash }) => hash), "a chain");
  return { log: verifierKey(content.log, LOG_KEY), witnesses, quorum: content.quorum, chains: content.chains };
}

function refuseTwice(names, what) {
  if (new Set(names).size !== names.length) throw new Malformed(`${what} is pinned twice`);
}
