// What HTML cannot do by itself: copying a code, and a long menu that shows where one is. All works without this file.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const code = document.getElementById(button.dataset.copy);
  const label = button.querySelector("span");
  try {
    await navigator.clipboard.writeText(code.textContent);
    label.textContent = button.dataset.done;
  } catch {
    getSelection().selectAllChildren(code);
    label.textContent = button.dataset.failed;
  }
});
// Copy buttons are of no use without a script, so they are hidden until this one runs.
const unhide = () => document.querySelectorAll("button[data-copy][hidden]").forEach((button) => { button.hidden = false; });
unhide();
document.addEventListener("htmx:after:swap", unhide);
// The place that one is at stays in sight, above the fading edge.
const here = document.querySelector(".desk-nav [aria-current]");
if (here) {
  const menu = here.closest(".desk-nav");
  menu.scrollTop = here.offsetTop + here.offsetHeight + 40 - menu.clientHeight;
}
