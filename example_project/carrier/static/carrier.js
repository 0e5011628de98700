// Shows what has arrived since, every two seconds, without disturbing who is typing.
"use strict";

const live = document.getElementById("live");
const thread = document.querySelector(".thread");

function toTheEnd() {
  if (thread) live.scrollTop = live.scrollHeight;
}

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  if (fresh && fresh.innerHTML !== live.innerHTML) {
    const target = document.querySelector(".thread") || live;
    const source = page.querySelector(".thread") || fresh;
    target.replaceChildren(...source.childNodes);
    live.scrollTop = thread ? live.scrollHeight : live.scrollTop;
  }
  const form = page.querySelector(".answer");
  if (form && !document.querySelector(".answer")) location.reload();
}

if (live) {
  toTheEnd();
  setInterval(() => refresh().catch(() => {}), 2000);
}
