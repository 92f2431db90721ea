// Loaded into Learning Locker before its own code.
// 1. It listens on every interface and has no setting for that: whatever it opens is opened on loopback.
// 2. It asks an HTTP service who a caller is: this is the service, for the one client of the testbed.
// 3. Without its database it names what it stores by version 1 UUIDs, and its pages go on behind the last name
//    seen. Such a name begins with the low bits of the time, which start again every 429 s: a listing across
//    that moment has some statements twice or not at all. Names that rise, as its database makes them, don't.
"use strict";
const http = require("http");
const net = require("net");

const { TESTBED_AUTH_PORT, TESTBED_AUTHORIZATION } = process.env;

const client = {
  _id: "000000000000000000000001",
  organisation: "000000000000000000000002",
  lrs_id: "000000000000000000000003",
  title: "testbed",
  isTrusted: true,
  scopes: ["all"],
  authority: { objectType: "Agent", mbox: "mailto:testbed@example.org" },
};

const uuid = require(require.resolve("uuid", { paths: [process.argv[1]] }));
let named = 0;
uuid.v1 = () => String((named += 1)).padStart(16, "0");

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
  const callback = rest.find((each) => typeof each === "function");
  return listen.call(this, { port, host: "127.0.0.1" }, callback);
};

http
  .createServer((request, response) => {
    const known = request.headers.authorization === TESTBED_AUTHORIZATION;
    response.writeHead(known ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify(known ? client : {}));
  })
  .listen(Number(TESTBED_AUTH_PORT));
