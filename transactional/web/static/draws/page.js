// The verification page: fetches the bundle, runs the verifier, shows each step and the verdict. Judges nothing itself.
import { policyOf } from "./policy.js";
import { verify } from "./verify.js";

const MOST_LINES = 6, MOST_PICKS = 20, FIRST_SHOWN = 10_000_001;
const element = (id) => document.getElementById(id);
const steps = element("steps"), rows = new Map([...steps.children].map((row) => [row.dataset.step, row]));

function show(code, state, saw) {
  const row = rows.get(code), word = row.querySelector(".state");
  row.dataset.state = state;
  word.textContent = word.dataset[state];
  const facts = row.querySelector(".saw");
  facts.replaceChildren(...Object.entries(saw ?? {}).slice(0, MOST_LINES).flatMap(fact));
  facts.hidden = !facts.children.length;
}

function fact([name, value]) {
  const term = document.createElement("dt"), said = document.createElement("dd");
  term.textContent = name === "words" ? "" : name;
  said.textContent = name === "steps" ? value.slice(0, MOST_PICKS).map(pick).join("\n") : [value].flat().join(", ");
  return [term, said];
}

const pick = ({ place, among, block, chosen, index }) =>
  `${place + 1}: ${place} + block(${block}) mod ${among} = ${chosen} → ${FIRST_SHOWN + index}`;

function tell(done, total) {
  const bar = element("hashed");
  bar.max = total;
  bar.value = done;
  element("progress").hidden = done === total;
}

function conclude({ code, words }) {
  const said = document.querySelector(`template[data-verdict="${code}"]`), row = rows.get(code);
  const broken = !said && !row;
  const note = element("verdict");
  note.className = `note ${said ? said.dataset.tone : broken ? "warn" : "bad"}`;
  note.dataset.verdict = code;
  note.querySelector("[data-name]").textContent = said?.dataset.name ?? steps.dataset[broken ? "broken" : "failed"];
  note.querySelector("[data-code]").textContent = code;
  note.querySelector("[data-meaning]").textContent =
    said?.content.textContent ?? (broken ? steps.dataset.brokenMeaning : row.querySelector(".grow > span").textContent);
  note.querySelector("[data-words]").textContent = words;
  note.hidden = false;
}

async function given(id) {
  const [file] = element(id).files;
  return file ? new Uint8Array(await file.arrayBuffer()) : null;
}

async function fetched() {
  const answer = await fetch(steps.dataset.bundle);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

async function run() {
  for (const code of rows.keys()) show(code, "left");
  try {
    const policy = policyOf(JSON.parse(element("policy").value)), receipt = await given("receipt");
    const seen = element("seen").value.trim();
    const archive = (await given("bundle")) ?? (await fetched());
    conclude(await verify(archive, policy, {
      now: Math.floor(Date.now() / 1000),
      receipt,
      seen: seen ? [`${seen}\n`] : [],
      report: show,
      tell,
    }));
  } catch (error) {
    element("progress").hidden = true;
    conclude({ code: "", words: error.message });
  }
}

let running = Promise.resolve();
for (const id of ["again", "given"])
  element(id).addEventListener("submit", (event) => {
    event.preventDefault();
    running = running.then(run).then(() => element("verdict").scrollIntoView({ block: "center" }));
  });
element("figures").addEventListener("click", ({ currentTarget }) => {
  const shown = steps.classList.toggle("with-figures");
  currentTarget.setAttribute("aria-pressed", String(shown));
});
element("again").hidden = false;
running = run();
