// Beginnings of sentences: a tap puts one into the box.
for (const stem of document.querySelectorAll("[data-stem]")) {
  const tap = document.createElement("button");
  tap.type = "button";
  tap.className = "chip";
  tap.append(stem.firstChild);
  stem.append(tap);
  tap.onclick = () => { const box = tap.form.content; box.value += stem.textContent.slice(0, -1) + " "; box.focus(); };
}
