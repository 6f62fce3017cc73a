// The policy: whose keys are believed. It comes from the visitor or from the page, never from a bundle.
import { Malformed } from "./bytes.js";
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
  return {
    log: verifierKey(content.log, LOG_KEY),
    witnesses: content.witnesses.map((each) => ({ ...verifierKey(each.key, WITNESS_KEY), test: each.test === 1 })),
    quorum: content.quorum,
    chains: content.chains,
  };
}
