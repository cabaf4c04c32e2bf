"use strict";
// Charts as SVG. Lines differ in dashes and labels, so that colour is not needed to read them.

const SIZE = { height: 190, low: 150, left: 48, right: 8, top: 22, bottom: 22 };

const svg = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

/** Axes as wide as the place of the chart, so that texts have one size everywhere. */
function frame(place, label, most, span, height) {
  const { left, right, top, bottom } = SIZE;
  const width = Math.max(240, place.clientWidth);
  const x = (share) => left + share * (width - left - right);
  const y = (share) => height - bottom - share * (height - bottom - top);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const share of [0, 0.5, 1]) {
    picture.append(
      svg("path", { class: "grid", d: `M${left} ${y(share)}H${width - right}` }),
      svg("text", { x: left - 4, y: y(share) + 4, "text-anchor": "end" }, short(share * most)),
      svg("text", { x: x(share), y: height - 5, "text-anchor": ["start", "middle", "end"][share * 2] }, duration(share * span)),
    );
  }
  return { picture, x, y };
}

/** Draws lines over time; `shade` is the span of the outage. */
function lines(place, label, series, span, shade, height = SIZE.height) {
  const most = Math.max(...series.flatMap(([, values]) => values), 0) || 1;
  const tops = series.map(([name, values]) => `${name} up to ${short(Math.max(...values, 0))}`).join(", ");
  const { picture, x, y } = frame(place, `${label}: ${tops}, in ${duration(span)}`, most, span, height);
  if (shade) {
    const [from, to] = shade.map((time) => x(Math.min(1, time / span)));
    picture.append(svg("rect", { class: "shade", x: from, y: y(1), width: Math.max(0, to - from), height: y(0) - y(1) }));
  }
  let legend = 0;
  series.forEach(([name, values], n) => {
    const points = values.map((value, n) => `${n ? "L" : "M"}${x((n + 0.5) / values.length).toFixed(1)} ${y(value / most).toFixed(1)}`);
    const kind = `line ${"abc"[n]}`;
    picture.append(
      svg("path", { class: kind, d: points.join("") }),
      svg("path", { class: kind, d: `M${legend} 8h24` }),
      svg("text", { x: legend + 28, y: 12 }, name),
    );
    legend += 40 + 7.5 * name.length;
  });
  if (shade) {
    picture.append(
      svg("rect", { class: "shade", x: legend, y: 2, width: 24, height: 12 }),
      svg("text", { x: legend + 28, y: 12 }, "outage"),
    );
  }
  place.replaceChildren(picture);
}

/** Draws bars of equal width. */
function bars(place, label, counts, width) {
  const most = Math.max(...counts, 1);
  const { picture, x, y } = frame(place, label, most, width * counts.length, SIZE.low);
  const step = x(1 / counts.length) - x(0);
  counts.forEach((count, n) => {
    if (!count) return;
    const title = svg("title", {}, `${duration(n * width)} to ${duration((n + 1) * width)}: ${count}`);
    const top = y(count / most);
    picture.append(svg("rect", { class: "bar", x: x(n / counts.length), y: top, width: Math.max(1, step - 1), height: y(0) - top }, title));
  });
  place.replaceChildren(picture);
}

/** The range of a wait, in a row of the table. */
function range(from, to, most) {
  const x = (value) => (most ? (value / most) * 116 : 0);
  const width = Math.max(3, x(to) - x(from));
  return svg("svg", { viewBox: "0 0 120 12", "aria-hidden": "true" }, svg("rect", { class: "bar", x: x(from), y: 2, width, height: 8 }));
}
