"use strict";
// The fields of the form. `when` says for which other fields a field has an effect; others are not sent.

const of = (...waits) => (form) => waits.includes(form.wait);
const time = (min, max) => ({ kind: "time", min, max });
const count = (min, max) => ({ kind: "count", min, max });
const number = (min, max) => ({ kind: "number", min, max });

const GROUPS = {
  Policy: [
    { name: "wait", label: "Wait strategy", choices: ["expo", "fibo", "constant", "linear", "decay", "decorrelated"] },
    { name: "factor", label: "First wait", value: "1s", ...time(0.01, 60), when: of("expo") },
    { name: "base", label: "Growth of the wait", value: "2", ...number(1, 10), when: of("expo") },
    { name: "shortest", sent: "base", label: "Shortest wait", value: "1s", ...time(0.01, 60), when: of("decorrelated") },
    { name: "interval", label: "Interval, or a list", value: "1s", ...time(0.01, 60), when: of("constant") },
    { name: "start", label: "First wait", value: "1s", ...time(0.01, 60), when: of("linear") },
    { name: "step", label: "Growth of the wait", value: "1s", ...time(0.01, 60), when: of("linear") },
    { name: "initial_value", label: "First wait", value: "10s", ...time(0.01, 60), when: of("decay") },
    { name: "decay_factor", label: "Decay", value: "1", ...number(0.01, 10), when: of("decay") },
    { name: "min_value", label: "Shortest wait", value: "0s", ...time(0.01, 60), when: of("decay") },
    { name: "max_value", label: "Longest wait", value: "1m", ...time(0.1, 3600), none: true, when: of("expo", "fibo", "linear", "decorrelated") },
    { name: "jitter", label: "Jitter", choices: ["full", "equal", "random", "none"], when: (form) => form.wait !== "decorrelated" },
    { name: "max_tries", label: "Most tries", value: "5", ...count(1, 30), none: true },
    { name: "max_time", label: "Most time", value: "none", ...time(1, 3600), none: true },
    { name: "last_wait", label: "Wait past the most time", choices: ["shorten", "stop"], when: (form) => form.max_time !== "none" },
    { name: "timeout", label: "Most time of a try", value: "2s", ...time(0.05, 60), none: true },
  ],
  Guards: [
    { name: "budget", label: "Budget of retries", choices: ["none", "share", "per_second"] },
    { name: "ratio", label: "Retries per call", value: "0.1", ...number(0.01, 1), when: (form) => form.budget === "share" },
    { name: "floor", label: "Retries a second on top", value: "0", ...number(0.1, 100), when: (form) => form.budget === "share" },
    { name: "budget_rate", label: "Retries a second", value: "1", ...number(0.1, 100), when: (form) => form.budget === "per_second" },
    { name: "breaker", label: "Breaker", choices: ["none", "consecutive", "failure_rate"] },
    { name: "consecutive", label: "Failures in a row", value: "5", ...count(1, 100), when: (form) => form.breaker === "consecutive" },
    { name: "failure_rate", label: "Share of failures", value: "0.5", ...number(0.01, 1), when: (form) => form.breaker === "failure_rate" },
    { name: "open_for", label: "Open for", value: "5s", ...time(0.1, 300), when: (form) => form.breaker !== "none" },
  ],
  Service: [
    { name: "clients", label: "Clients", value: "1000", ...count(1, 10000) },
    { name: "processes", label: "Processes with guards", value: "10", ...count(1, 1000) },
    { name: "rate", label: "Calls a second", value: "80", ...number(1, 1000) },
    { name: "capacity", label: "Capacity a second", value: "100", ...number(1, 1000) },
    { name: "queue", label: "Places in the queue", value: "200", ...count(1, 10000) },
    { name: "fault", label: "Outage", choices: ["down", "freeze", "errors", "slow", "capacity"] },
    { name: "outage", label: "Outage lasts", value: "20s", ...time(0.1, 120) },
    { name: "duration", label: "Simulated time", value: "2m", ...time(30, 600) },
    { name: "seed", label: "Seed", value: "0", ...count(1, 1000) },
  ],
};

const FIELDS = Object.values(GROUPS).flat();
for (const field of FIELDS) {
  field.value ??= field.choices[0];
  field.when ??= () => true;
  field.sent ??= field.name;
}
