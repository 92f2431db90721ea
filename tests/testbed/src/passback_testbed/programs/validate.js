// Reads a JSON array of statements and writes a JSON array with the problems of each, as lines of text.
"use strict";
const { readFileSync } = require("fs");

const validate = require(process.argv[2]).default;

const describe = ({ name, path, typeName, keys, data }) => {
  const about = typeName || (keys && keys.join(", ")) || "";
  const value = name === "RestrictedKeysWarning" ? "" : ` (${JSON.stringify(data)})`;
  return `${path.join(".")}: ${name} ${about}`.trimEnd() + value;
};

const statements = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(statements.map((each) => validate(each).map(describe))));
