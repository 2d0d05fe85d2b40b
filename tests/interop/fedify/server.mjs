// A small Fedify server with one person, Fern, for test_fedify_server.py: `server.mjs PORT FIRST_KNOCK`.
//
// It follows, posts, answers and takes in, and remembers what was sent to it and how that was signed. Posts to /control tell
// it what to do: {do: "follow" | "unfollow" | "note" | "reply" | "like" | "refuse" | "seen" | "fetch", …}.
import { createServer } from "node:http";

globalThis.navigator ??= {}; // Node 20 has none, and Fedify looks at it when it reads an Ed25519 key

const { createFederation, generateCryptoKeyPair, MemoryKvStore } = await import("@fedify/fedify");
const { hasProofLike, verifyObject } = await import("@fedify/fedify/sig");
const { Accept, Activity, Announce, Create, Delete, Endpoints, Follow, Like, Note, Object: Thing, Person, PUBLIC_COLLECTION,
  Undo, Update } = await import("@fedify/vocab");
const { Temporal } = await import("@js-temporal/polyfill");

const [port, firstKnock] = [Number(process.argv[2]), process.argv[3]];
const origin = `http://localhost:${port}`;
const SCHEMES = { cavage: "draft-cavage-http-signatures-12", rfc9421: "rfc9421" };

const keys = [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"), await generateCryptoKeyPair("Ed25519")];
const followers = new Map();
const notes = new Map();
const received = []; // what its listeners were given: {type, id, actor, proof}
const knocks = []; // what came to its inbox: {scheme, status}
let refused = null; // a scheme that it does not take

const federation = createFederation({
  kv: new MemoryKvStore(), allowPrivateAddress: true, firstKnock: SCHEMES[firstKnock], circuitBreaker: false,
});

federation
  .setActorDispatcher("/users/{identifier}", async (context, identifier) => {
    if (identifier !== "fern") return null;
    const pairs = await context.getActorKeyPairs(identifier);
    return new Person({
      id: context.getActorUri(identifier), preferredUsername: identifier, name: "Fern",
      url: context.getActorUri(identifier),
      inbox: context.getInboxUri(identifier), outbox: context.getOutboxUri(identifier),
      followers: context.getFollowersUri(identifier),
      endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }),
      publicKey: pairs[0].cryptographicKey, assertionMethods: pairs.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher((_context, identifier) => (identifier === "fern" ? keys : []));

federation.setFollowersDispatcher("/users/{identifier}/followers", () => ({ items: [...followers.values()] }));
federation.setOutboxDispatcher("/users/{identifier}/outbox", () => ({ items: [] }));
federation.setObjectDispatcher(Note, "/notes/{id}", (_context, { id }) => notes.get(id) ?? null);

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .setSharedKeyDispatcher(() => ({ identifier: "fern" }))
  .on(Follow, async (context, follow) => {
    await remember(context, follow);
    const follower = await follow.getActor(context);
    followers.set(follower.id.href, follower);
    const accept = new Accept({ id: fresh("accepts"), actor: context.getActorUri("fern"), object: follow });
    await context.sendActivity({ identifier: "fern" }, follower, accept);
  })
  .on(Undo, async (context, undo) => {
    await remember(context, undo);
    const inner = await undo.getObject(context);
    if (inner instanceof Follow) followers.delete(undo.actorId.href);
  })
  .on(Activity, remember);

let count = 0;
const fresh = (kind) => new URL(`/${kind}/${++count}`, origin);

async function remember(context, activity) {
  const json = await activity.toJsonLd({ format: "compact", contextLoader: context.contextLoader });
  const inner = json.object;
  received.push({
    type: json.type, id: json.id, actor: activity.actorId?.href,
    object: typeof inner === "string" ? inner : inner?.id, objectType: inner?.type, content: inner?.content,
  });
}

function note(context, id, text, answered, person) {
  return new Note({
    id: context.getObjectUri(Note, { id }), attribution: context.getActorUri("fern"),
    tos: person ? [PUBLIC_COLLECTION, person] : [PUBLIC_COLLECTION], cc: context.getFollowersUri("fern"),
    content: text, published: Temporal.Now.instant(), replyTarget: answered ?? undefined,
  });
}

const actions = {
  async follow(context, { actor }) {
    const target = await context.lookupObject(actor);
    const follow = new Follow({ id: fresh("follows"), actor: context.getActorUri("fern"), object: target.id });
    await context.sendActivity({ identifier: "fern" }, target, follow);
    return { actor: target.id.href };
  },

  async note(context, { text }) {
    const id = String(++count);
    notes.set(id, note(context, id, text));
    await send(context, [...followers.values()], Create, "creates", notes.get(id));
    return { id: notes.get(id).id.href };
  },

  async edit(context, { id, text }) {
    const key = id.split("/").at(-1);
    notes.set(key, notes.get(key).clone({ content: text, updated: Temporal.Now.instant() }));
    await send(context, [...followers.values()], Update, "updates", notes.get(key));
    return {};
  },

  async delete(context, { id }) {
    notes.delete(id.split("/").at(-1));
    const activity = new Delete({
      id: fresh("deletes"), actor: context.getActorUri("fern"), object: new URL(id), to: PUBLIC_COLLECTION,
    });
    await context.sendActivity({ identifier: "fern" }, [...followers.values()], activity);
    return {};
  },

  async reply(context, { text, to, person }) {
    const id = String(++count);
    notes.set(id, note(context, id, text, new URL(to), new URL(person)));
    const author = await context.lookupObject(person);
    await send(context, [author], Create, "creates", notes.get(id));
    return { id: notes.get(id).id.href };
  },

  async like(context, { object, person }) {
    const author = await context.lookupObject(person);
    const like = new Like({ id: fresh("likes"), actor: context.getActorUri("fern"), object: new URL(object) });
    await context.sendActivity({ identifier: "fern" }, author, like);
    return {};
  },

  async announce(context, { object, person }) {
    const author = await context.lookupObject(person);
    const announce = new Announce({
      id: fresh("announces"), actor: context.getActorUri("fern"), object: new URL(object), to: PUBLIC_COLLECTION,
    });
    await context.sendActivity({ identifier: "fern" }, [author, ...followers.values()], announce);
    return {};
  },

  async refuse(_context, { scheme }) {
    refused = scheme;
    return {};
  },

  async count() {
    return { received: received.length };
  },

  async seen() {
    return { received, knocks, followers: [...followers.keys()] };
  },

  // A document of ours with its proof, verified by Fedify.
  async prove(context, { id }) {
    const loader = await context.getDocumentLoader({ identifier: "fern" });
    const { document } = await loader(id);
    if (!hasProofLike(document)) return { proven: false, reason: "no proof" };
    const whole = await verifyObject(Thing, document, { documentLoader: loader, contextLoader: context.contextLoader });
    return { proven: whole != null, type: document.type };
  },
};

async function send(context, recipients, Kind, path, object) {
  const activity = new Kind({
    id: fresh(path), actor: context.getActorUri("fern"), object, tos: object.toIds.length ? [...object.toIds] : [PUBLIC_COLLECTION],
  });
  await context.sendActivity({ identifier: "fern" }, recipients, activity);
}

function schemeOf(headers) {
  return headers.has("signature-input") ? "rfc9421" : headers.has("signature") ? "cavage" : "none";
}

async function answer(request) {
  const path = new URL(request.url).pathname;
  if (path === "/control") {
    const question = await request.json();
    const context = federation.createContext(new Request(origin), undefined);
    try {
      return Response.json(await actions[question.do](context, question));
    } catch (error) {
      return Response.json({ error: `${error.name}: ${error.message}` }, { status: 500 });
    }
  }
  const isInbox = request.method === "POST" && path.endsWith("/inbox");
  const scheme = schemeOf(request.headers);
  const response = isInbox && scheme === refused
    ? new Response("not this way of signing", { status: 401 })
    : await federation.fetch(request, { contextData: undefined });
  if (isInbox) knocks.push({ scheme, status: response.status });
  return response;
}

createServer(async (incoming, outgoing) => {
  const parts = [];
  for await (const part of incoming) parts.push(part);
  const body = parts.length ? Buffer.concat(parts) : undefined;
  const request = new Request(new URL(incoming.url, origin), {
    method: incoming.method, headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]), body,
  });
  let response;
  try {
    response = await answer(request);
  } catch (error) {
    console.error(error);
    response = new Response(String(error), { status: 500 });
  }
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}).listen(port, "127.0.0.1", () => console.log(`listening on ${origin}`));
