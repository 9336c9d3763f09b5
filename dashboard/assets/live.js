// Counts new records and offers to reload; the page itself never changes under the reader's eyes.
"use strict";
const live = document.getElementById("live");
let count = 0;
const events = new EventSource("/api/v1/stream?after=" + live.dataset.after);
events.addEventListener("record", () => {
  count += 1;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = live.dataset.reload;
  live.replaceChildren(document.createTextNode(count + " " + live.dataset.text + " · "), link);
});
