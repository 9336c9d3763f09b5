// The console's only script. Without it every page works; with it pages stay fresh and the keyboard does everything.
const live = document.getElementById("live");
const store = {
  get: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* a browser without storage forgets */ } },
};

// ---- Light and dark: as the system has it, or as chosen.
const theme = document.getElementById("theme");
const themes = ["system", "light", "dark"];
function dress(name) {
  if (name === "system") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = name;
  theme.textContent = theme.dataset[name];
}
let dressed = themes.includes(store.get("theme")) ? store.get("theme") : "system";
dress(dressed);
theme.hidden = false;
theme.addEventListener("click", () => {
  dressed = themes[(themes.indexOf(dressed) + 1) % themes.length];
  store.set("theme", dressed);
  dress(dressed);
});

// ---- Time: real times are UTC; where the reader's clock differs, its time stands beside. A simulation's times are its own.
const two = (n) => String(n).padStart(2, "0");
function localTimes(within) {
  for (const time of within.querySelectorAll("time[data-ms]")) {
    const ms = Number(time.dataset.ms);
    if (ms < 864e9 || time.dateTime) continue;
    const at = new Date(ms);
    time.dateTime = time.title = at.toISOString();
    if (at.getTimezoneOffset() === 0) time.append(" UTC");
    else time.append(` UTC · ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${document.body.dataset.local}`);
  }
}

// ---- Live: parts of the page marked data-region are fetched again after new records, at most once a second, and replaced
// only if they differ, the reader has not paused, and neither the keyboard focus nor a selection is inside.
const regions = () => [...document.querySelectorAll("[data-region]")];
const drawn = new WeakMap(regions().map((region) => [region, region.innerHTML]));
localTimes(document);
let paused = false, dirty = false, fetching = false, lastHeard = Date.now();
const busy = (region) => {
  const selection = getSelection();
  return region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")
    || (!selection.isCollapsed && region.contains(selection.anchorNode));
};
async function refresh() {
  if (paused || !dirty || fetching || document.hidden) return;
  dirty = false; fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const region of regions()) {
      const fresh = page.querySelector(`[data-region="${CSS.escape(region.dataset.region)}"]`);
      if (!fresh || fresh.innerHTML === drawn.get(region)) continue;
      if (busy(region)) { dirty = true; continue; }
      const focused = region.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      drawn.set(region, fresh.innerHTML);
      region.replaceChildren(...fresh.childNodes);
      localTimes(region);
      if (focused) region.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    }
    const count = page.getElementById("waiting-count")?.textContent ?? "";
    const shown = document.getElementById("waiting-count");
    if (shown) shown.textContent = count;
    const time = page.querySelector("#live time");
    if (time) show(time.textContent);
  } catch { dirty = true; } finally { fetching = false; }
}
function show(time) {
  const stale = Date.now() - lastHeard > 30000;
  const word = paused ? live.dataset.paused : stale ? live.dataset.stale : live.dataset.live;
  const at = document.createElement("time");
  at.textContent = time ?? live.querySelector("time")?.textContent ?? "";
  live.replaceChildren(document.createTextNode(word + " "), at);
  live.className = paused ? "paused" : stale ? "stale" : "fresh";
}
if (live && regions().length > 0) {
  const events = new EventSource("/api/v1/events?after=" + document.body.dataset.after);
  events.onopen = () => { lastHeard = Date.now(); show(); };
  events.addEventListener("record", () => { dirty = true; lastHeard = Date.now(); });
  setInterval(refresh, 1000);
  const pause = document.getElementById("pause");
  pause.hidden = false;
  pause.setAttribute("aria-pressed", "false");
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    show();
    refresh();
  });
}

// ---- Keys.
const dialog = document.getElementById("keys-dialog");
const keysButton = document.getElementById("keys");
keysButton.hidden = false;
keysButton.addEventListener("click", () => dialog.showModal());
const off = document.getElementById("keys-off");
off.checked = store.get("keys") === "off";
off.addEventListener("change", () => store.set("keys", off.checked ? "off" : "on"));
let going = false;
const items = () => [...document.querySelectorAll("[data-item]")];
function move(by) {
  const all = items();
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement);
  all[Math.min(Math.max(at + by, 0), all.length - 1)].focus();
}
const actions = {
  "?": () => dialog.showModal(),
  ".": () => document.getElementById("pause").click(),
  "g": () => { going = true; setTimeout(() => { going = false; }, 1500); },
  "j": () => move(1),
  "k": () => move(-1),
  "e": () => document.querySelector("[data-evidence]")?.focus(),
  "A": () => document.querySelector("[data-approve]")?.focus(),
  "R": () => document.querySelector("[data-reject]")?.focus(),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
  if (off.checked || typing || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  if (going) {
    going = false;
    const way = event.key === "s" ? document.querySelector("a.stop") : document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (way) { event.preventDefault(); way.click(); }
    return;
  }
  const action = actions[event.key];
  if (action) { event.preventDefault(); action(); }
});
