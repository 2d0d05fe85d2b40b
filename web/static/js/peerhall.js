// Everything works without this file; with it, pages answer sooner. No dependency, no inline handler.

const page = document;
const all = (selector, root = page) => [...root.querySelectorAll(selector)];
const language = page.documentElement.lang || "en";
const { signedIn: me, offlineWords } = page.body.dataset;
const signedIn = Boolean(me);

// Store: absent in some private windows, and then drafts are simply not kept.
const store = {
  get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; } },
  remove(key) { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } },
};

// Nothing of one person stays for the next.
const owner = store.get("owner");
if (owner && owner !== me) self.caches?.delete("week").catch(() => {});
if (me && owner !== me) {
  if (owner) try { localStorage.clear(); sessionStorage.clear(); } catch { /* none */ }
  store.set("owner", me);
}

// Drafts: kept while typing, restored after a closed tab, cleared once the form was accepted.
const DRAFT_DAYS = 30;
const keptFields = (form) => all("input, textarea, select", form).filter((field) =>
  field.name && !["file", "password", "hidden", "submit"].includes(field.type));

function readDraft(form) {
  return keptFields(form).map((field) =>
    [field.name, ["checkbox", "radio"].includes(field.type) ? [field.value, field.checked] : field.value]);
}

function restoreDraft(form, draft) {
  const waiting = draft.values.slice();
  const steps = form.querySelector("[data-steps]");
  if (steps) {
    const wanted = waiting.filter(([name]) => name === steps.querySelector("textarea").name).length;
    while (all("textarea", steps).length < wanted) addStep(steps, false);
  }
  for (const field of keptFields(form)) {
    const choice = ["checkbox", "radio"].includes(field.type);
    const at = waiting.findIndex(([name, value]) => name === field.name && (!choice || value[0] === field.value));
    if (at < 0) continue;
    const [[, value]] = waiting.splice(at, 1);
    if (choice) field.checked = value[1]; else field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

for (const form of all("form[data-draft]")) {
  const key = `draft:${form.dataset.draft}`;
  const state = form.querySelector("[data-draft-state]");
  const say = (word) => { if (state) state.textContent = state.dataset[word] || ""; };
  const before = JSON.stringify(readDraft(form));
  const draft = store.get(key);
  const refused = page.querySelector("[data-error-summary]");
  if (draft && Date.now() - draft.at > DRAFT_DAYS * 864e5) store.remove(key);
  else if (draft && !refused && JSON.stringify(draft.values) !== before) {
    restoreDraft(form, draft);
    say("restored");
    if (state) {
      const discard = page.createElement("button");
      discard.type = "button";
      discard.className = "link-button";
      discard.textContent = state.dataset.discard;
      discard.addEventListener("click", () => { store.remove(key); form.reset(); say(""); });
      state.append(" ", discard);
    }
  }
  let timer;
  const keep = () => { clearTimeout(timer); timer = undefined; if (store.set(key, { at: Date.now(), values: readDraft(form) })) say("kept"); };
  form.addEventListener("input", (event) => { if (event.isTrusted) { clearTimeout(timer); timer = setTimeout(keep, 500); } });
  addEventListener("pagehide", () => { if (timer) keep(); });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    timer = undefined;
    store.set(key, { at: Date.now(), values: readDraft(form) });  // should the connection fail, the words are still here
    try { sessionStorage.setItem("sent", JSON.stringify({ key, from: location.pathname })); } catch { /* not kept */ }
  });
}
// A form was sent and we are elsewhere now, or back without a complaint: it was accepted.
try {
  const sent = JSON.parse(sessionStorage.getItem("sent"));
  if (sent) {
    sessionStorage.removeItem("sent");
    const form = page.querySelector(`form[data-draft="${CSS.escape(sent.key.slice(6))}"]`);
    const accepted = page.querySelector("[data-toast]") || (location.pathname !== sent.from && !form);
    if (accepted && !page.querySelector("[data-error-summary]")) {
      store.remove(sent.key);
      if (form) { form.reset(); all("[data-draft-state]", form).forEach((state) => { state.textContent = ""; }); }
    }
  }
} catch { /* no session store, no cleaning up */ }

// Sent later: without a connection, a form that can wait is kept on this device, and sent by whoever wrote it when there is one.
const LATER = "later";
const later = () => (store.get(LATER) || []).filter((item) => Date.now() - item.at < DRAFT_DAYS * 864e5);
function tell(words, href) {
  const note = page.createElement("div");
  note.className = "toast";
  note.setAttribute("role", "status");
  const line = note.appendChild(page.createElement("p"));
  const where = href ? line.appendChild(page.createElement("a")) : line;
  if (href) where.href = href;
  page.body.append(note);
  where.textContent = words;
}
if (!navigator.onLine && me) tell(offlineWords);
async function sendLater() {
  for (const item of later().filter(({ by }) => signedIn && by === me)) {
    let answer;
    try { answer = await fetch(item.action, { method: "POST", body: new URLSearchParams(item.fields) }); } catch { return; }
    if (answer.status >= 500 || answer.status === 429 || answer.url.includes("/sign-in")) return;
    store.set(LATER, later().filter(({ at }) => at !== item.at));
    const taken = answer.redirected && answer.ok;
    if (taken) store.remove(item.draft); else store.set(item.draft, { at: Date.now(), values: item.values });
    tell(taken ? item.sentWords : item.refusedWords, taken ? item.then : item.action);
  }
}
for (const form of all("form[data-later]")) {
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopPropagation();  // it is not being sent
    const { draft, then, keptWords, sentWords, refusedWords } = form.dataset;
    const action = form.getAttribute("action");
    const item = { at: Date.now(), by: me, action, fields: [...new FormData(form)], values: readDraft(form), draft: `draft:${draft}`, then, sentWords, refusedWords };
    if (store.set(LATER, [...later().filter((other) => other.action !== action), item])) tell(keptWords);
  });
}
const onlyOnce = () => (navigator.locks ? navigator.locks.request(LATER, { ifAvailable: true }, (lock) => lock && sendLater()) : sendLater());
addEventListener("online", onlyOnce);
if (navigator.onLine && later().length) onlyOnce();

// Steps: "Add a step" without a round trip; Enter in a step stays a line break.
function addStep(steps, focus = true) {
  const items = all("li", steps);
  const item = items.at(-1).cloneNode(true);
  const number = items.length + 1;
  const words = steps.querySelector("[data-add-step]").dataset.stepWords;
  const area = item.querySelector("textarea");
  area.value = "";
  area.removeAttribute("placeholder");
  area.id = `${all("textarea", steps)[0].id}-${number}`;
  const label = item.querySelector("label");
  label.htmlFor = area.id;
  label.textContent = words.replace("{number}", number);
  items.at(-1).after(item);
  if (focus) area.focus();
}
page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-step]");
  if (!button) return;
  event.preventDefault();
  addStep(button.closest("[data-steps]"));
});

// Counters.
for (const area of all("textarea[data-counter], input[data-counter]")) {
  const count = page.getElementById(`${area.id}-count`);
  if (!count) continue;
  const most = Number(area.dataset.counter);
  const update = () => {
    const left = most - [...area.value].length;
    count.textContent = left >= 0 ? count.dataset.countWords.replace("{left}", left) : count.dataset.overWords.replace("{over}", -left);
    count.classList.toggle("over", left < 0);
  };
  area.addEventListener("input", update);
  update();
}

// Live preview of markdown: POST /preview answers sanitised HTML.
for (const field of all("[data-markdown]")) {
  const area = field.querySelector("textarea");
  const preview = field.querySelector("[data-preview]");
  if (!area || !preview || !signedIn) continue;
  const button = page.createElement("button");
  button.type = "button";
  button.className = "link-button";
  button.setAttribute("aria-pressed", "false");
  button.textContent = preview.dataset.previewWords;
  (field.querySelector(".under-control") || field).append(button);
  button.addEventListener("click", async () => {
    const showing = !preview.hidden;
    if (!showing) {
      try {
        const answer = await fetch("/preview", { method: "POST", body: new URLSearchParams({ content: area.value }) });
        if (!answer.ok) throw new Error(answer.statusText);
        preview.className = "preview prose";
        preview.innerHTML = await answer.text();
      } catch {
        preview.textContent = preview.dataset.failedWords;
      }
    }
    preview.hidden = showing;
    area.hidden = !showing;
    button.setAttribute("aria-pressed", String(!showing));
    button.textContent = showing ? preview.dataset.previewWords : preview.dataset.writeWords;
  });
}

// The audience bar follows the choice made in the same form.
for (const picker of all("[data-audience-picker]")) {
  const bar = picker.closest("form")?.querySelector("[data-audience]");
  if (!bar) continue;
  picker.addEventListener("change", (event) => {
    const { summary, servers = "" } = event.target.dataset;
    const names = servers ? servers.split("|") : [];
    bar.querySelector("[data-audience-summary]").textContent = summary;
    bar.querySelector("[data-audience-detail]")?.remove();
    const icon = event.target.closest(".choice").querySelector(".icon");
    if (icon) bar.querySelector(".icon").replaceWith(icon.cloneNode(true));
    const details = bar.querySelector("[data-audience-servers]");
    if (details) {
      details.hidden = !names.length;
      details.querySelector("ul").replaceChildren(...names.map((name) => Object.assign(page.createElement("li"), { textContent: name })));
    }
  });
}

// Chosen files, shown before they are sent.
for (const input of all("input[data-file]")) {
  const list = input.closest(".field").querySelector("[data-file-list]");
  input.addEventListener("change", () => {
    list.replaceChildren(...[...input.files].map((file) => {
      const item = page.createElement("li");
      const size = new Intl.NumberFormat(language, { style: "unit", unit: file.size < 1e6 ? "kilobyte" : "megabyte", maximumFractionDigits: 1 });
      item.textContent = `${file.name} · ${size.format(file.size / (file.size < 1e6 ? 1e3 : 1e6))}`;
      return item;
    }));
    list.hidden = !input.files.length;
  });
}

// Relative times grow older while the page is open.
const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
const UNITS = [["day", 864e5], ["hour", 36e5], ["minute", 6e4]];
function ageTimes() {
  for (const time of all("time[data-relative]")) {
    const distance = new Date(time.dateTime) - Date.now();
    if (Math.abs(distance) > 7 * 864e5) { time.textContent = new Date(time.dateTime).toLocaleDateString(language === "en" ? "en-GB" : language, { day: "numeric", month: "long" }); continue; }
    const found = UNITS.find(([, length]) => Math.abs(distance) >= length);
    if (found) time.textContent = relative.format(Math.round(distance / found[1]), found[0]);
  }
}
setInterval(() => { if (!page.hidden) ageTimes(); }, 6e4);

// Menus close on Escape, on a click elsewhere, and when focus leaves them.
const closeMenus = (except) => all("details[data-menu][open]").forEach((menu) => { if (menu !== except) menu.open = false; });
page.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
page.addEventListener("focusin", (event) => closeMenus(event.target.closest("details[data-menu]")));

// Toasts leave by themselves, slowly, unless someone is at them or they offer to undo.
for (const toast of all("[data-toast]")) {
  let wait;
  const start = () => { wait = setTimeout(() => toast.remove(), toast.querySelector("form") ? 20000 : 8000); };
  const hold = () => clearTimeout(wait);
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("focusout", start);
  start();
}

// A refused form: the summary takes focus, its links lead into the fields.
page.querySelector("[data-error-summary]")?.focus();

// One press sends once.
page.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sending) { event.preventDefault(); return; }
  event.target.dataset.sending = "1";
});
addEventListener("pageshow", () => all("form[data-sending]").forEach((form) => delete form.dataset.sending));

// Keys: / search, n new, j and k through lists, Enter opens, ? shows them.
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
let atHand = -1;
function step(by) {
  const items = all("main [data-item]").filter((item) => item.offsetParent);
  if (!items.length) return;
  items[atHand]?.classList.remove("at-hand");
  atHand = Math.max(0, Math.min(items.length - 1, atHand + by));
  const item = items[atHand];
  item.classList.add("at-hand");
  (item.querySelector(".post-title a, .row-title a, .quiet-link, a[href]") || item).focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}
function showKeys() {
  let sheet = page.querySelector("dialog.keys");
  if (!sheet) {
    const template = page.getElementById("keys-sheet");
    if (!template) return;
    page.body.append(template.content.cloneNode(true));
    sheet = page.querySelector("dialog.keys");
  }
  if (!sheet.open) sheet.showModal();
}
for (const button of all("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
page.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = page.querySelector("details[data-menu][open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || page.querySelector("dialog[open]")) return;
  const actions = {
    "/": () => { const field = page.querySelector("[data-search]"); if (field?.offsetParent) field.focus(); else location.assign("/search"); },
    n: () => page.querySelector("[data-new]")?.click(),
    j: () => step(1),
    k: () => step(-1),
    "?": showKeys,
  };
  if (!signedIn && event.key === "n") return;
  const act = actions[event.key];
  if (act) { event.preventDefault(); act(); }
});
