/* The place to write in: its draft, its size, the line that it answers, and files. */

import { find, frame, input, make, newId, tell } from "./dom.js";
import { follow } from "./scrolling.js";
import { send, tooLarge } from "./sending.js";

function draftKey() {
  return `zhibu-draft:${frame().dataset.chat}${frame().dataset.query}`;
}

export function write(text) {
  input().value = text;
  written();
}

export function written() {
  const field = input();
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
  sessionStorage.setItem(draftKey(), field.value);
  find(".zb-send").classList.toggle("zb-ready", Boolean(field.value.trim()));
  follow();
}

export function submit() {
  const text = input().value.trim();
  if (!text) return;
  write("");
  send({ id: newId(), text, answers: replying() });
  reply(null);
}

export function sendFiles(files) {
  const limit = Number(frame().dataset.limit);
  for (const file of files.filter((one) => one.size > limit)) tell(`${file.name}：${tooLarge()}`);
  const fitting = files.filter((one) => one.size <= limit);
  if (!fitting.length) return;
  const text = input().value.trim();
  write("");
  fitting.forEach((file, number) => send({ id: newId(), text: number ? "" : text, file }));
}

function replying() {
  return Number(find(".zb-replying").dataset.line) || undefined;
}

export function reply(line) {
  const bar = find(".zb-replying");
  bar.replaceChildren();
  bar.dataset.line = line ? line.dataset.line : "";
  bar.hidden = !line;
  if (!line) return;
  const name = line.querySelector(".zb-name")?.textContent || "我";
  const text = line.querySelector(".zb-bubble > .zb-text, .zb-question")?.textContent || "";
  const close = make("button", "zb-tool", "取消");
  close.type = "button";
  close.dataset.do = "unreply";
  bar.append(make("span", "zb-text", `回复 ${name}：${text.slice(0, 60)}`), close);
  input().focus();
}

export function restoreDraft() {
  input().value = sessionStorage.getItem(draftKey()) || "";
  written();
}
