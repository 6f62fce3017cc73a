// Counts down to the instants that the page names in words, too; when one is reached, the page is asked for again, once.
const left = (seconds, day) => {
  const two = (number) => String(number).padStart(2, "0");
  const [days, rest] = [Math.floor(seconds / 86400), seconds % 86400];
  const clock = [Math.floor(rest / 3600), Math.floor((rest % 3600) / 60), rest % 60].map(two).join(":");
  return days ? `${days} ${day} ${clock}` : clock;
};

for (const timer of document.querySelectorAll("[data-until]")) {
  const until = Date.parse(timer.dataset.until), wasAhead = until > Date.now();
  const tick = () => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    timer.textContent = left(Math.max(seconds, 0), timer.dataset.day);
    if (seconds > 0) return;
    clearInterval(beat);
    if (wasAhead) setTimeout(() => location.reload(), 3000);  // else the visitor's clock is ahead: it would never end
  };
  const beat = setInterval(tick, 1000);
  tick();
}
