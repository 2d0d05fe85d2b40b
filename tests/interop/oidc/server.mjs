// A certified OpenID Connect provider (oidc-provider) with people whom the test makes.
// Its own pages are left out: whoever comes is who the test says, and agrees. POST /control says it.
import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT, decodeJwt } from "jose";
import { Provider } from "oidc-provider";

const [port, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const issuer = `http://localhost:${port}`;
const people = new Map();
let who = "";
let audience = "";
let keys = [];

async function newKey() {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  keys = [{ ...(await exportJWK(privateKey)), kid: `key-${Date.now()}`, use: "sig", alg: "RS256" }];
  return make();
}

function make() {
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: [{
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      response_types: ["code"],
      grant_types: ["authorization_code", "refresh_token"],
    }],
    cookies: { keys: ["of one test"] },
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"], groups: ["groups"] },
    scopes: ["openid", "offline_access", "profile", "email", "groups"],
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => people.has(sub) ? { accountId: sub, claims: () => ({ sub, ...people.get(sub) }) } : undefined,
    ttl: { AccessToken: 600, IdToken: 600, Grant: 6000, Session: 6000, Interaction: 600, RefreshToken: 6000 },
  });
  // For one test it lies: its token is for somebody else, signed with its own key.
  provider.use(async (ctx, next) => {
    await next();
    if (!audience || ctx.path !== "/token" || !ctx.body?.id_token) return;
    const said = { ...decodeJwt(ctx.body.id_token), aud: audience };
    ctx.body.id_token = await new SignJWT(said).setProtectedHeader({ alg: "RS256", kid: keys[0].kid }).sign(keys[0]);
  });
  return provider;
}

let provider = await newKey();

async function interaction(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: who } });
  }
  const grant = new provider.Grant({ accountId: details.session.accountId, clientId });
  grant.addOIDCScope(details.params.scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

async function control(request, response) {
  let body = "";
  for await (const part of request) body += part;
  const asked = JSON.parse(body);
  if (asked.add) people.set(asked.add, asked.claims);
  if (asked.remove) people.delete(asked.remove);
  if ("who" in asked) who = asked.who;
  if ("audience" in asked) audience = asked.audience;
  if (asked.rotate) provider = await newKey();
  response.end("{}");
}

createServer(async (request, response) => {
  try {
    if (request.url === "/control") return await control(request, response);
    if (request.url.startsWith("/interaction/")) return await interaction(request, response);
    return provider.callback()(request, response);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end(String(error));
  }
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
