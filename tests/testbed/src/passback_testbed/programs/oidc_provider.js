// An OpenID provider: oidc-provider with a login form of its own, users from a file, and consent unasked.
// Started with the folder of the package and the file of settings. POST /testbed/keys makes new signing keys;
// with ?keep=1 the old ones are still published.
"use strict";
const { generateKeyPairSync, randomUUID } = require("crypto");
const { readFileSync } = require("fs");
const http = require("http");
const path = require("path");
const { pathToFileURL } = require("url");

const [folder, file] = process.argv.slice(2);
const settings = JSON.parse(readFileSync(file, "utf8"));
const issuer = `http://127.0.0.1:${settings.port}`;

const PROFILE = ["name", "given_name", "family_name", "preferred_username", "locale"];
const EMAIL = ["email", "email_verified"];

const newKeys = () =>
  [
    ["rsa", { modulusLength: 2048 }, "RS256"],
    ["ec", { namedCurve: "P-256" }, "ES256"],
    ["ed25519", {}, "EdDSA"],
  ].map(([kind, options, alg]) => {
    const { privateKey } = generateKeyPairSync(kind, options);
    return { ...privateKey.export({ format: "jwk" }), use: "sig", kid: `${alg}-${randomUUID()}`, alg };
  });

const claimsByScope = () => {
  const known = new Set(["sub", ...PROFILE, ...EMAIL]);
  const others = Object.values(settings.users).flatMap(({ claims }) => Object.keys(claims));
  return {
    openid: ["sub", ...others.filter((name) => !known.has(name))],
    profile: PROFILE,
    email: EMAIL,
  };
};

const findAccount = (_, id) => {
  const user = Object.values(settings.users).find(({ claims }) => claims.sub === id);
  return user && { accountId: id, claims: () => user.claims };
};

const grantAll = async (ctx) => {
  const { client, session, provider, requestParamOIDCScopes } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope([...requestParamOIDCScopes].join(" "));
  await grant.save();
  return grant;
};

const configuration = (keys, adapter) => ({
  adapter,
  claims: claimsByScope(),
  clients: settings.clients,
  conformIdTokenClaims: settings.claimsIn === "userinfo",
  cookies: { keys: ["testbed"] },
  enabledJWA: {
    idTokenSigningAlgValues: ["RS256", "ES256", "EdDSA"],
    clientAuthSigningAlgValues: ["RS256", "ES256", "EdDSA"],
  },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  findAccount,
  interactions: { url: (_, { uid }) => `/sign-in/${uid}` },
  jwks: { keys },
  loadExistingGrant: grantAll,
  pkce: { required: () => true },
});

const FORM = `<!DOCTYPE html><title>Sign in</title><form method="post">
<input name="user"><input name="password" type="password">
<button name="do" value="in">Sign in</button><button name="do" value="cancel">Cancel</button></form>`;

const read = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
};

const answer = (response, status, text) => {
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" });
  response.end(text);
};

const signIn = async (provider, request, response) => {
  if (request.method !== "POST") return answer(response, 200, FORM);
  const form = await read(request);
  const user = settings.users[form.get("user")];
  if (form.get("do") === "cancel") {
    return provider.interactionFinished(request, response, { error: "access_denied" });
  }
  if (!user || user.password !== form.get("password")) return answer(response, 403, FORM);
  return provider.interactionFinished(request, response, { login: { accountId: user.claims.sub } });
};

(async () => {
  const load = (name) => import(pathToFileURL(path.join(folder, "lib", name)));
  const { Provider } = await load("index.js");
  const { createMemoryAdapter } = await load("adapters/memory_adapter.js");
  // One for all the providers that follow each other, so that new keys end nobody's log-in.
  const adapter = createMemoryAdapter();
  let keys = newKeys();
  let provider = new Provider(issuer, configuration(keys, adapter));

  const turn = (keep) => {
    const fresh = newKeys();
    provider = new Provider(issuer, configuration(keep ? [...fresh, ...keys] : fresh, adapter));
    keys = fresh;
  };

  http
    .createServer(async (request, response) => {
      const url = new URL(request.url, issuer);
      try {
        if (request.method === "POST" && url.pathname === "/testbed/keys") {
          turn(url.searchParams.has("keep"));
          return answer(response, 200, "");
        }
        if (url.pathname.startsWith("/sign-in/")) return await signIn(provider, request, response);
        return await provider.callback()(request, response);
      } catch (error) {
        console.error(error);
        return answer(response, 500, "");
      }
    })
    .listen(settings.port, "127.0.0.1");
})();
