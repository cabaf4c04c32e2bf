"use strict";
// Numbers for people.

const UNITS = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1], ["ms", 1e-3], ["us", 1e-6], ["ns", 1e-9]];

/** A number to three digits, without an exponent. */
function short(value) {
  if (value === 0) return "0";
  return Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** Seconds as a duration that every front end reads: `250ms`, `1.5s`, `1m 30s`. */
function duration(value) {
  if (!(value > 0)) return "0s";
  if (value < 59.95) {
    const [unit, size] = UNITS.find(([, size]) => size <= 1 && value >= size * 0.9995) ?? UNITS.at(-1);
    return short(value / size) + unit;
  }
  let rest = Math.round(value);
  const parts = UNITS.slice(0, 4).map(([unit, size]) => {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    return whole ? `${whole}${unit}` : "";
  });
  return parts.filter(Boolean).slice(0, 2).join(" ");
}

const percent = (share) => `${short(share * 100)} %`;

// The micro sign and the Greek letter, and units in full.
const WRITTEN = /([\d.]+)\s*(ms|[uµμ]s|ns|[dhms])(?:ays?|ours?|in(?:ute)?s?|ec(?:ond)?s?)?\s*/g;

/** The seconds of a duration; NaN where it is none. */
function seconds(text) {
  if (/^\s*[\d.]+\s*$/.test(text)) return Number(text);
  let total = 0;
  const rest = text.replace(WRITTEN, (_, number, unit) => {
    total += Number(number) * UNITS.find(([name]) => name === unit.replace(/[µμ]/, "u"))[1];
    return "";
  });
  return rest.trim() === "" && text.trim() !== "" ? total : NaN;
}
