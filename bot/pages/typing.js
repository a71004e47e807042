/* The sign that the assistant is at work. */

import { find, frame } from "./dom.js";
import { follow } from "./scrolling.js";

const DELAY_MS = 300;
const LIMIT_MS = 30000;

let timer = 0;

export function expectAnswer({ text = "", answers }) {
  const { group, mention } = frame().dataset;
  const addressed = !group || text.includes(mention) || text.startsWith("/") || answers;
  if (addressed) typingSoon();
}

export function typingSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => typing(true), DELAY_MS);
}

export function typing(on) {
  clearTimeout(timer);
  const sign = find(".zb-typing");
  if (!sign || sign.hidden === !on) return;
  sign.hidden = !on;
  if (on) timer = setTimeout(() => typing(false), LIMIT_MS);
  follow();
}
