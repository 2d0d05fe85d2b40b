// Shared notes: what others write appears while one reads or writes, and what one writes is kept as one goes.
// Without this file they are forms like any other.
const page = document;
const notes = page.querySelector("[data-notes]");
const said = page.querySelector("[data-notes-said]");
let mark = notes.dataset.mark;
let source;

// Sections are exchanged one by one; the one that is being written in stays as it is.
async function look() {
  const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-notes]");
  if (!fresh || fresh.dataset.mark === mark) return;
  mark = fresh.dataset.mark;
  const wanted = [...fresh.querySelectorAll("[data-section]")];
  let last;
  let changed = false;
  for (const next of wanted) {
    const old = page.getElementById(next.id);
    if (old?.querySelector("[data-writing]") || old?.contains(page.activeElement)) { last = old; continue; }
    if (old?.isEqualNode(next)) { last = old; continue; }
    const made = page.importNode(next, true);
    if (old) old.replaceWith(made); else if (last) last.after(made); else notes.prepend(made);
    last = made;
    changed = true;
  }
  for (const old of notes.querySelectorAll("[data-section]")) {
    if (!wanted.some(({ id }) => id === old.id) && !old.querySelector("[data-writing]")) { old.remove(); changed = true; }
  }
  if (changed) { said.textContent = ""; said.textContent = notes.dataset.said; }
}

function connect() {
  if (source || page.hidden) return;
  source = new EventSource(`/live?place=n/${notes.dataset.notes}&since=${mark}`);
  source.addEventListener("new", (event) => { if (!JSON.parse(event.data).includes(mark)) look(); });
}
const rest = () => { source?.close(); source = undefined; };
page.addEventListener("visibilitychange", () => (page.hidden ? rest() : connect()));
addEventListener("pagehide", rest);
addEventListener("pageshow", connect);
// Nobody says that somebody has stopped without a word: look now and then.
setInterval(() => { if (!page.hidden && notes.querySelector("[data-held]")) { mark = ""; look(); } }, 6e4);
connect();

// Kept as one writes: soon after the last word, and at the latest a second and a half after the first.
const form = page.querySelector("[data-writing]");
if (form) {
  const state = form.querySelector("[data-state]");
  let timer;
  let first;
  let sending = false;
  let again = false;
  const keep = async () => {
    timer = first = undefined;
    if (sending) { again = true; return; }
    sending = true;
    const fields = new URLSearchParams(new FormData(form));
    fields.set("act", "save");
    fields.set("auto", "1");
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields });
      const told = await answer.json();
      if (told.version !== undefined && !told.late) form.base.value = told.version;
      state.textContent = told.said || (told.late ? form.dataset.late : form.dataset.saved);
    } catch {
      state.textContent = form.dataset.failed;
    }
    sending = false;
    if (again) { again = false; keep(); }
  };
  form.addEventListener("input", ({ isTrusted }) => {
    if (!isTrusted) return;
    first ??= Date.now();
    clearTimeout(timer);
    timer = setTimeout(keep, Math.max(0, Math.min(700, first + 1500 - Date.now())));
  });
  form.addEventListener("submit", () => { clearTimeout(timer); again = false; });
}
