// A SAML 2.0 identity provider: samlp with a login form of its own, and users and services from a file.
// Started with the folder of the package and the file of settings. POST /testbed/settings merges JSON into the
// settings; POST /testbed/keys makes a new signing key, and with ?keep=1 the old ones are still published.
"use strict";
const { generateKeyPairSync, randomBytes, sign } = require("crypto");
const { readFileSync } = require("fs");
const http = require("http");

const [folder, file] = process.argv.slice(2);
const samlp = require(folder);
const settings = JSON.parse(readFileSync(file, "utf8"));
const issuer = `http://127.0.0.1:${settings.port}/entity`;

// ---- a certificate for a key (X.509 in DER): Node reads them, but doesn't make them

const der = (tag, ...parts) => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const sequence = (...parts) => der(0x30, ...parts);
const time = (date) => der(0x18, `${date.toISOString().slice(0, 19).replace(/[-T:]/g, "")}Z`);

const certificateOf = (publicKey, privateKey, days) => {
  const sha256WithRSA = sequence(der(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), der(0x05));
  const commonName = sequence(der(0x06, [0x55, 0x04, 0x03]), der(0x0c, "testbed"));
  const name = sequence(der(0x31, commonName));
  const day = 24 * 60 * 60 * 1000;
  const body = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [1], randomBytes(8)),
    sha256WithRSA,
    name,
    sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + days * day))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
  );
  return sequence(body, sha256WithRSA, der(0x03, [0], sign("sha256", body, privateKey)));
};

const newKey = () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const text = certificateOf(publicKey, privateKey, settings.days).toString("base64");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    cert: `-----BEGIN CERTIFICATE-----\n${text.match(/.{1,64}/g).join("\n")}\n-----END CERTIFICATE-----\n`,
    text,
  };
};
let keys = [newKey()];

// ---- what samlp expects of Express

const FORM = `<!DOCTYPE html><title>Sign in</title><form method="post">
<input name="user"><input name="password" type="password">
<button name="do" value="in">Sign in</button><button name="do" value="cancel">Cancel</button></form>`;

const read = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
};

const answer = (response, status, text, type = "text/html; charset=utf-8") => {
  response.writeHead(status, { "Content-Type": type });
  response.end(text);
};

const dressed = (request, response, url) => {
  Object.assign(request, {
    originalUrl: request.url,
    protocol: "http",
    query: Object.fromEntries(url.searchParams),
    body: {},
  });
  const headers = {};
  response.set = (name, value) => (headers[name] = value);
  response.send = (first, second) =>
    typeof first === "number"
      ? answer(response, first, String(second || ""))
      : answer(response, 200, first, headers["Content-Type"]);
};

// ---- the provider

const mapperFor = (user) => () => ({
  getClaims: () => user.attributes,
  getNameIdentifier: () => ({ nameIdentifier: user.nameId, nameIdentifierFormat: user.nameIdFormat }),
});

const postURL = (audience, document, request, callback) => {
  const known = settings.services[audience];
  const wanted = document && document.documentElement.getAttribute("AssertionConsumerServiceURL");
  if (!known || (wanted && wanted !== known)) return callback(new Error("nobody here knows this service"));
  return callback(null, known);
};

const signedIn = (user, request, response) => {
  const failed = (error) => answer(response, 400, String(error));
  samlp.parseRequest(request, (unread, asked) => {
    if (unread) return failed(unread);
    const service = asked ? asked.issuer : request.query.service;
    const url = settings.services[service];
    const middleware = samlp.auth({
      ...keys[0],
      issuer,
      audience: service,
      destination: url,
      recipient: url,
      signAssertion: settings.sign !== "response",
      signResponse: settings.sign !== "assertion",
      ...settings.options,
      profileMapper: mapperFor(user),
      getUserFromRequest: () => user,
      getPostURL: postURL,
    });
    return middleware(request, response, failed);
  });
};

const cancelled = (request, response) =>
  samlp.parseRequest(request, (_, asked) =>
    samlp.sendError({
      ...keys[0],
      issuer,
      signResponse: true,
      signatureAlgorithm: "rsa-sha256",
      digestAlgorithm: "sha256",
      destination: asked.assertionConsumerServiceURL,
      inResponseTo: asked.id,
      RelayState: request.query.RelayState,
      error: { code: "urn:oasis:names:tc:SAML:2.0:status:Responder" },
      getPostURL: (__, callback) => callback(null, settings.services[asked.issuer]),
    })(request, response, (failed) => answer(response, 400, String(failed))),
  );

const signIn = async (request, response) => {
  if (request.method !== "POST") return answer(response, 200, FORM);
  const form = new URLSearchParams(await read(request));
  if (form.get("do") === "cancel") return cancelled(request, response);
  const user = settings.users[form.get("user")];
  if (!user || user.password !== form.get("password")) return answer(response, 403, FORM);
  return signedIn(user, request, response);
};

const metadata = (request, response) => {
  const send = response.send;
  response.send = (text) => {
    const descriptor = text.match(/<KeyDescriptor[^]*?<\/KeyDescriptor>/)[0];
    const all = keys.map(({ text: each }) => descriptor.replace(keys[0].text, each)).join("\n");
    return send(text.replace(descriptor, () => all));
  };
  const sso = { redirectEndpointPath: "/sso", postEndpointPath: "/sso" };
  samlp.metadata({ issuer, cert: keys[0].cert, ...sso })(request, response);
};

http
  .createServer(async (request, response) => {
    const url = new URL(request.url, issuer);
    dressed(request, response, url);
    try {
      if (url.pathname === "/sso") return await signIn(request, response);
      if (url.pathname === "/metadata") return metadata(request, response);
      if (request.method === "POST" && url.pathname === "/testbed/keys") {
        keys = url.searchParams.has("keep") ? [newKey(), ...keys] : [newKey()];
        return answer(response, 200, "");
      }
      if (request.method === "POST" && url.pathname === "/testbed/settings") {
        Object.assign(settings, JSON.parse(await read(request)));
        return answer(response, 200, "");
      }
      return answer(response, 404, "");
    } catch (error) {
      console.error(error);
      return answer(response, 500, "");
    }
  })
  .listen(settings.port, "127.0.0.1");
