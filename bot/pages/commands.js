/* The list of commands over the place to write in. */

import { address, find, frame, input, make } from "./dom.js";
import { write } from "./writing.js";

let commands = null;
let chosen = 0;
let sought = null;

async function openPalette(typed) {
  sought = typed;
  if (!commands) {
    const answer = await fetch(address("commands")).catch(() => null);
    commands = answer?.ok ? await answer.json() : null;
    if (!commands) return;
  }
  /* While the list was fetched, more was typed, or all of it was sent. */
  if (sought !== typed) return;
  const wanted = typed.slice(1).toLowerCase();
  const fitting = commands.filter((pair) => pair.some((part) => part.includes(wanted)));
  fillPalette(fitting);
}

function fillPalette(pairs) {
  const list = find(".zb-palette");
  list.replaceChildren(...pairs.map(option));
  list.hidden = !pairs.length;
  choose(0);
}

function option([name, help], number) {
  const [word, ...meaning] = help.split("：");
  const item = make("li", "zb-option");
  item.setAttribute("role", "option");
  item.id = `zb-option-${number}`;
  /* In a group a bare word would be talk among its members. */
  item.dataset.word = frame().dataset.group ? `/${name}` : word;
  item.append(make("b", "", word), make("span", "", meaning.join("：")), make("i", "", `/${name}`));
  return item;
}

function choose(number) {
  const options = [...document.querySelectorAll(".zb-option")];
  chosen = options.length ? (number + options.length) % options.length : 0;
  options.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
  options[chosen]?.scrollIntoView({ block: "nearest" });
  input().setAttribute("aria-activedescendant", options.length ? `zb-option-${chosen}` : "");
}

export function closePalette() {
  const list = find(".zb-palette");
  if (list) list.hidden = true;
  commands = null;
  sought = null;
}

export function pick(item) {
  closePalette();
  write(`${item.dataset.word} `);
  input().focus();
}

export function suggest() {
  const typed = input().value;
  if (typed.startsWith("/") && !/\s/.test(typed)) openPalette(typed);
  else closePalette();
}

export function paletteKey(event) {
  const list = find(".zb-palette");
  if (list.hidden) return false;
  const item = list.children[chosen];
  const acts = {
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen - 1),
    Escape: closePalette,
    Enter: () => pick(item),
    Tab: () => pick(item),
  };
  if (!acts[event.key]) return false;
  event.preventDefault();
  acts[event.key]();
  return true;
}

export function togglePalette() {
  if (find(".zb-palette").hidden) openPalette("/");
  else closePalette();
  input().focus();
}
