// Passkeys: asks the device, and sends what it answers with the form. Without it there are codes and passwords.
const fromText = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  buffer ? btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "") : "";
const listed = (known = []) => known.map((each) => ({ ...each, id: fromText(each.id) }));

async function answer(asked, isNew) {
  const publicKey = { ...asked, challenge: fromText(asked.challenge) };
  if (isNew) {
    publicKey.user = { ...asked.user, id: fromText(asked.user.id) };
    publicKey.excludeCredentials = listed(asked.excludeCredentials);
  } else publicKey.allowCredentials = listed(asked.allowCredentials);
  const found = await (isNew ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
  const response = { clientDataJSON: toText(found.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"])
    if (found.response[part]) response[part] = toText(found.response[part]);
  return { id: found.id, rawId: toText(found.rawId), type: found.type, response };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const said = form.querySelector("[data-passkey-said]");
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    const field = form.elements[form.dataset.field];
    if (field.value) return;
    event.preventDefault();
    said.textContent = "";
    try {
      field.value = JSON.stringify(await answer(JSON.parse(form.dataset.passkey), "make" in form.dataset));
      form.submit();
    } catch (error) {
      field.value = "";
      said.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
    }
  });
}
