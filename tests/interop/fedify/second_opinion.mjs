// Fedify's opinion, one line of JSON in, one line of JSON out; see test_fedify.py. No network: every document that Fedify
// asks for comes with the question in `documents`, and contexts come out of Fedify's own stock.
//
//   {do: "verify-request", method, url, headers, body, documents, now}          -> {accepted, owner, reason}
//   {do: "sign-request", method, url, headers, body, key, keyId, scheme, now}   -> {headers}
//   {do: "verify-object", object, documents}                                    -> {accepted, proven, key}
//   {do: "sign-object", object, key, keyId, now}                                -> {object}
//   {do: "make-key", kind: "rsa" | "ed25519"}                                   -> {key, pem | multibase}
//   {do: "read", object, documents}                                             -> {type, json}
import { createInterface } from "node:readline";

globalThis.navigator ??= {}; // Node 20 has none, and Fedify looks at it when it reads an Ed25519 key

const { exportJwk, generateCryptoKeyPair, hasProofLike, importJwk, signObject, signRequest, verifyObject, verifyProof,
  verifyRequestDetailed } = await import("@fedify/fedify/sig");
const { DataIntegrityProof, Object: Thing } = await import("@fedify/vocab");
const { exportMultibaseKey, exportSpki, preloadedContexts } = await import("@fedify/vocab-runtime");
const { Temporal } = await import("@js-temporal/polyfill");

const SCHEMES = { cavage: "draft-cavage-http-signatures-12", rfc9421: "rfc9421" };

function loader(documents) {
  return async (url) => {
    // A key is asked for with its fragment; its actor's document is the answer.
    const document = documents[url] ?? documents[url.replace(/#.*$/, "")];
    if (document === undefined) throw new Error(`there is no document at ${url}`);
    return { contextUrl: null, documentUrl: url, document: structuredClone(document) };
  };
}

function loaders(documents) {
  return { documentLoader: loader(documents ?? {}), contextLoader: loader(preloadedContexts) };
}

function request({ method, url, headers, body }) {
  // Bytes, because for a string Request would add a content type of its own.
  return new Request(url, { method, headers, body: body == null ? undefined : Buffer.from(body, "utf8") });
}

const answers = {
  async "verify-request"(question) {
    const options = { ...loaders(question.documents), currentTime: Temporal.Instant.from(question.now) };
    const found = await verifyRequestDetailed(request(question), options);
    return found.verified
      ? { accepted: true, owner: found.key.ownerId?.href ?? null }
      : { accepted: false, reason: found.reason.type };
  },

  async "sign-request"(question) {
    const key = await importJwk(question.key, "private");
    const signed = await signRequest(request(question), key, new URL(question.keyId), {
      spec: SCHEMES[question.scheme], currentTime: Temporal.Instant.from(question.now),
    });
    return { headers: Object.fromEntries(signed.headers) };
  },

  async "verify-object"({ object, documents }) {
    const options = loaders(documents);
    // verifyObject is content with an object that nobody signed and nobody claims, so the proof is looked at itself.
    if (!hasProofLike(object)) return { accepted: false, proven: false, key: null };
    const proof = await DataIntegrityProof.fromJsonLd(object.proof, options);
    const key = await verifyProof(object, proof, options);
    const whole = await verifyObject(Thing, object, options);
    return { accepted: whole != null, proven: key != null, key: key?.id?.href ?? null };
  },

  async "sign-object"(question) {
    const options = loaders(question.documents);
    const key = await importJwk(question.key, "private");
    const object = await Thing.fromJsonLd(question.object, options);
    const signed = await signObject(object, key, new URL(question.keyId), {
      ...options, created: Temporal.Instant.from(question.now),
    });
    const compact = await signed.toJsonLd({ format: "compact", contextLoader: options.contextLoader });
    // Fedify writes out the public collection before it signs and before it sends; only toJsonLd shortens it again.
    const whole = (key, value) => (value === "as:Public" ? "https://www.w3.org/ns/activitystreams#Public" : value);
    return { object: JSON.parse(JSON.stringify(compact), whole) };
  },

  async "make-key"({ kind }) {
    const pair = await generateCryptoKeyPair(kind === "rsa" ? "RSASSA-PKCS1-v1_5" : "Ed25519");
    const key = await exportJwk(pair.privateKey);
    return kind === "rsa"
      ? { key, pem: await exportSpki(pair.publicKey) }
      : { key, multibase: await exportMultibaseKey(pair.publicKey) };
  },

  async read({ object, documents }) {
    const options = loaders(documents);
    const found = await Thing.fromJsonLd(object, options);
    return { type: found.constructor.name, json: await found.toJsonLd({ format: "compact", ...options }) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = await answers[question.do](question);
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
