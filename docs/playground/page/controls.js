"use strict";
// The form: a text and a slider for each number. The slider is logarithmic; its last place is "none" where a limit may be absent.

const PLACES = 200;

const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

/** The text at a place of the slider. */
function textAt(field, place) {
  if (field.none && place >= PLACES) return "none";
  const most = field.none ? PLACES - 1 : PLACES;
  const value = field.min * (field.max / field.min) ** (place / most);
  if (field.kind === "count") return String(Math.round(value));
  const rounded = Number(value.toPrecision(2));
  return field.kind === "time" ? duration(rounded) : String(rounded);
}

/** The place of the slider that is nearest to a text. */
function placeOf(field, text) {
  if (text.trim() === "none") return PLACES;
  const most = field.none ? PLACES - 1 : PLACES;
  const value = field.kind === "time" ? seconds(text) : Number(text);
  if (!(value > field.min)) return 0;
  return Math.min(most, Math.round((Math.log(value / field.min) / Math.log(field.max / field.min)) * most));
}

function makeControl(field, changed) {
  const id = `field-${field.name}`;
  const label = element("label", { for: id }, field.label);
  const row = element("div", { class: "field" }, label);
  if (field.choices) {
    const options = field.choices.map((choice) => element("option", { value: choice }, choice));
    field.input = element("select", { id }, ...options);
    row.append(field.input);
  } else {
    field.input = element("input", { id, inputmode: field.kind === "time" ? "text" : "decimal", spellcheck: "false" });
    field.slider = element("input", { type: "range", id: `${id}-slider`, min: 0, max: PLACES, "aria-label": field.label });
    row.append(field.input, field.slider);
    field.slider.addEventListener("input", () => {
      const before = field.input.value;
      field.input.value = textAt(field, Number(field.slider.value));
      // A step of the keyboard moves a count by at least one.
      if (field.kind === "count" && field.input.value === before) nudge(field);
      field.slider.setAttribute("aria-valuetext", field.input.value);
      field.at = Number(field.slider.value);
      changed();
    });
  }
  field.input.addEventListener("input", () => {
    showPlace(field);
    changed();
  });
  field.row = row;
  return row;
}

/** Moves the slider of a count to the next place that has another number. */
function nudge(field) {
  const direction = Number(field.slider.value) >= field.at ? 1 : -1;
  let place = Number(field.slider.value);
  while (place > 0 && place < PLACES && textAt(field, place) === field.input.value) place += direction;
  field.slider.value = place;
  field.input.value = textAt(field, place);
}

function showPlace(field) {
  if (!field.slider) return;
  field.at = placeOf(field, field.input.value);
  field.slider.value = field.at;
  field.slider.setAttribute("aria-valuetext", field.input.value);
}

function makeForm(form, changed) {
  for (const [group, fields] of Object.entries(GROUPS)) {
    const rows = fields.map((field) => makeControl(field, changed));
    form.append(element("fieldset", {}, element("legend", {}, group), ...rows));
  }
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** The texts of the fields that have an effect, by the names that the engine knows. */
function read() {
  const all = Object.fromEntries(FIELDS.map((field) => [field.name, field.input.value]));
  for (const field of FIELDS) field.row.hidden = !field.when(all);
  const known = FIELDS.filter((field) => field.when(all));
  return Object.fromEntries(known.map((field) => [field.sent, field.input.value]));
}

/** The fields that differ from their defaults, as the address holds them. */
function toAddress() {
  const changed = FIELDS.filter((field) => !field.row.hidden && field.input.value !== field.value);
  return new URLSearchParams(changed.map((field) => [field.name, field.input.value])).toString();
}

function fromAddress(address) {
  const given = new URLSearchParams(address);
  for (const field of FIELDS) {
    const value = given.get(field.name) ?? field.value;
    field.input.value = field.choices && !field.choices.includes(value) ? field.value : value;
    showPlace(field);
  }
}

/** Marks the field that a message names first. */
function mark(message) {
  const names = (message.match(/[\w.-]+/g) ?? []).map((word) => word.replace(/^--/, "").replaceAll("-", "_"));
  const shown = FIELDS.filter((field) => !field.row.hidden);
  const named = names.map((name) => shown.find((field) => field.sent === name)).find(Boolean);
  for (const field of FIELDS) {
    const isWrong = field === named;
    field.input.setAttribute("aria-invalid", String(isWrong));
    if (isWrong) field.input.setAttribute("aria-describedby", "error");
    else field.input.removeAttribute("aria-describedby");
  }
}
