// Reads lines of JSON, {url, key, account, calls: [[method, request], ...]}, and makes the calls of each by
// StackOne's own SDK. Writes a line for each: a JSON array with what came of its calls, pages or an error.
"use strict";
const { createInterface } = require("readline");

const { StackOne } = require(process.argv[2]);

const moment = (name, value) => (name === "completedAt" && value ? new Date(value) : value);
const content = (answer) =>
  answer.usersPaginated ||
  answer.userResult ||
  answer.completionsPaginated ||
  answer.completionResult ||
  answer.createResult ||
  answer.deleteResult;

const outcome = async (lms, account, [method, request]) => {
  try {
    const given = JSON.parse(JSON.stringify(request), moment);
    const answer = await lms[method]({ ...given, xAccountId: account });
    const pages = [];
    if (answer[Symbol.asyncIterator]) for await (const page of answer) pages.push(content(page));
    else pages.push(content(answer));
    return { pages };
  } catch (error) {
    return { error: error.name, status: error.statusCode ?? null, message: error.message };
  }
};

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const { url, key, account, calls } = JSON.parse(line);
    const { lms } = new StackOne({ serverURL: url, security: { username: key, password: "" } });
    const outcomes = [];
    for (const call of calls) outcomes.push(await outcome(lms, account, call));
    process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  }
})();
