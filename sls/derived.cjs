// What follows from other parameters: nobody types it twice, and no two values can come to disagree.
"use strict";

const LEAST_AT_ONCE = 2; // AWS' own bounds of a mapping's MaximumConcurrency
const MOST_AT_ONCE = 1000;
const USD_PER_GB_SECOND = { arm64: 0.0000133334, x86_64: 0.0000166667 }; // us-east-1, list price

// What the stack's Output does not repeat: the first three are told anew at each deployment, the others are the stack's own
// parameters (resources/parameters.yml), and an address and an ARN have no place among Outputs, which people paste.
const UNRECORDED = ["region", "account", "imageDigest", "requireTls", "pollerPrincipal", "alarmEmail"];

const refusal = (message) => Object.assign(new Error(message), { stack: message }); // osls prints the whole stack

const oneOf = (name, value, allowed) => {
  if (!allowed.includes(String(value))) throw refusal(`${name} is ${allowed.join(" or ")}, not '${value}'`);
  return String(value);
};

const fromTo = (name, value, low, high, why) => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < low || number > high)
    throw refusal(`${name} is a whole number from ${low} to ${high}${why}, not '${value}'`);
  return number;
};

// Name -> text of all that serverless.yml's `params` declare, as this deployment has it.
const declared = async (params, stage, parameter) => {
  const names = [...new Set(["default", stage].flatMap((section) => Object.keys(params[section] || {})))];
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, String(await parameter(name))])));
};

const ORIGIN = /^https?:\/\/[A-Za-z0-9.-]+(:(\d+|\*))?$/;

// Who may send clips from a browser: the pages at these addresses. The browser must be let see a part's ETag.
const corsFor = (origins) => {
  const allowed = String(origins).split(/[\s,]+/).filter(Boolean);
  for (const origin of allowed)
    if (!ORIGIN.test(origin)) throw refusal(`consoleOrigin is addresses like https://console.school.example, not '${origin}'`);
  if (!allowed.length) return { Ref: "AWS::NoValue" };
  return {
    CorsRules: [{ AllowedOrigins: allowed, AllowedMethods: ["PUT"], AllowedHeaders: ["*"], ExposedHeaders: ["ETag"], MaxAge: 3600 }],
  };
};

module.exports = async ({ resolveVariable, resolveConfigurationProperty }) => {
  const parameter = (name) => resolveVariable(`param:${name}`);
  const byQueue = oneOf("trigger", await parameter("trigger"), ["poller", "queue"]) === "queue";
  const reserves = oneOf("reserveConcurrency", await parameter("reserveConcurrency"), ["true", "false"]) === "true";
  const architecture = oneOf("architecture", await parameter("architecture"), Object.keys(USD_PER_GB_SECOND));
  const timeout = fromTo("functionTimeout", await parameter("functionTimeout"), 1, 900, " (seconds)");
  const least = byQueue ? LEAST_AT_ONCE : 1;
  const why = byQueue ? " where the trigger is the queue" : "";
  const atOnce = fromTo("functionConcurrency", await parameter("functionConcurrency"), least, MOST_AT_ONCE, why);
  const params = await resolveConfigurationProperty(["params"]);
  const stage = await resolveVariable("sls:stage");
  const parameters = await declared(params, stage, parameter);
  const recorded = Object.entries(parameters).filter(([name]) => !UNRECORDED.includes(name));
  return {
    parameters,
    writtenDown: Object.keys(params[stage] || {}),
    recorded: JSON.stringify(Object.fromEntries(recorded)),
    clipsAtOnce: atOnce,
    reservedConcurrency: reserves ? atOnce : { Ref: "AWS::NoValue" },
    durationAlarmMs: 800 * timeout, // 80 % of the timeout
    mappingVisibility: 6 * timeout, // what AWS asks of a queue with a mapping: time for a throttled batch's next tries
    clipsCors: corsFor(await parameter("consoleOrigin")),
    usdPerGbSecond: USD_PER_GB_SECOND[architecture],
  };
};
