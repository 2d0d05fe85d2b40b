// What is new on an open page: told in a quiet line, shown when asked for; until then nothing moves that is being read.
// The server says ids and nothing else (`/live`); what they stand for comes with the page itself.

const page = document;

function known(post) {
  return page.getElementById(`reply-${post}`) || page.querySelector(`[data-post="${post}"]`);
}

function live(line) {
  const list = () => page.querySelector(line.dataset.list);
  const words = line.querySelector("[data-live-words]");
  const show = line.querySelector("[data-live-show]");
  const waiting = new Set();
  let source;
  let mark = line.dataset.since;

  const tell = () => {
    for (const post of waiting) if (known(post)) waiting.delete(post);
    show.hidden = !waiting.size;
    const said = waiting.size ? line.dataset.words.replace("{count}", waiting.size) : "";
    if (words.textContent !== said) words.textContent = said;  // said aloud once, politely
  };

  const connect = () => {
    if (source || page.hidden) return;
    source = new EventSource(`/live?place=${encodeURIComponent(line.dataset.place)}&since=${mark}`);
    source.addEventListener("new", (event) => {
      mark = event.lastEventId || mark;
      for (const post of JSON.parse(event.data)) waiting.add(post);
      tell();
    });
  };
  // A page that nobody looks at holds no connection: browsers have few for each server.
  const rest = () => { source?.close(); source = undefined; };

  show.addEventListener("click", async (event) => {
    event.preventDefault();
    const written = [...(list()?.querySelectorAll("textarea, input[type=text]") || [])].some((field) => field.value !== field.defaultValue);
    if (written) { location.reload(); return; }  // drafts are kept by the page's script
    show.setAttribute("aria-disabled", "true");
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(line.dataset.list);
      if (!answer.ok || !fresh || !list()) { location.reload(); return; }
      const read = [...list().querySelectorAll("[data-post], [id^=reply-]")].find((item) => item.getBoundingClientRect().bottom > 0);
      const at = read?.getBoundingClientRect().top;
      const name = read && (read.id || read.dataset.post);
      list().replaceWith(page.importNode(fresh, true));
      const again = name && (page.getElementById(name) || page.querySelector(`[data-post="${name}"]`));
      if (again) scrollBy({ top: again.getBoundingClientRect().top - at, behavior: "instant" });
      const first = [...waiting].map(known).find(Boolean);
      waiting.clear();
      tell();
      first?.classList.add("at-hand");
      if (!first) return;
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
      first.scrollIntoView({ block: "nearest" });  // they asked to see it; what is in sight stays where it is
    } catch {
      location.reload();
    } finally {
      show.removeAttribute("aria-disabled");
    }
  });
  page.addEventListener("visibilitychange", () => (page.hidden ? rest() : connect()));
  addEventListener("pagehide", rest);
  addEventListener("pageshow", connect);
  connect();
}

for (const line of page.querySelectorAll("[data-live]")) live(line);
