/* Sending. What was sent and is not among the server's lines yet is shown at once, and offered
   again if it failed: under the same id, so that it is one message however often it goes out. */

import { address, find, frame, make, newId, pause, tell } from "./dom.js";
import { stick } from "./scrolling.js";
import { expectAnswer, typing, typingSoon } from "./typing.js";

const TIMEOUT_MS = 30000;
const PRESS_PAUSE_MS = 800;

const unsent = new Map();

/* Post JSON; returns {ok, notice}. A session that has ended leads to the front door. */
async function post(what, body) {
  try {
    const answer = await fetch(address(what), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return settle(answer.status, await answer.json().catch(() => ({})));
  } catch {
    return { ok: false, notice: "" };
  }
}

function settle(status, answer) {
  if (status === 401) location.replace("/");
  return { ok: status === 200 && !answer.notice, notice: answer.notice || "" };
}

function showUnsent(sending) {
  const line = make("article", "zb-line zb-own");
  const body = make("div", "zb-body");
  const bubble = make("div", "zb-bubble");
  bubble.append(make("div", "zb-text", sending.text || ""));
  if (sending.file) bubble.append(fileCard(sending.file));
  const foot = make("div", "zb-foot-line");
  const again = make("button", "zb-again zb-retry", "发送失败，点此重试");
  again.type = "button";
  foot.append(make("span", "zb-sending", "正在发送…"), again);
  body.append(bubble, foot);
  line.append(make("div", "zb-face", "我"), body);
  line.dataset.unsent = sending.id;
  find(".zb-unsent").append(line);
  unsent.set(sending.id, { ...sending, line });
}

function fileCard(file) {
  const card = make("div", "zb-file zb-uploading");
  card.append(make("span", "zb-text", file.name), make("span", "zb-bar"));
  return card;
}

function drawnLine(id) {
  return find(`.zb-lines .zb-line[data-update="${id}"]`);
}

function mark(id, state) {
  const line = unsent.get(id)?.line;
  if (line) line.dataset.state = state;
  const drawn = drawnLine(id);
  if (drawn && drawn.dataset.state !== "taken") drawn.dataset.state = state;
}

/* The server's line takes the place of ours. A file that failed stays, to be sent again. */
export function reconcile() {
  for (const [id, sending] of unsent) {
    const drawn = drawnLine(id);
    const failed = sending.line.dataset.state === "failed";
    if (!drawn) continue;
    if (sending.file && failed) {
      drawn.hidden = true;
      continue;
    }
    if (failed && drawn.dataset.state === "sending") drawn.dataset.state = "failed";
    sending.line.remove();
    unsent.delete(id);
  }
}

export async function send(sending) {
  if (!unsent.has(sending.id) && !drawnLine(sending.id)) showUnsent(sending);
  mark(sending.id, "sending");
  stick();
  expectAnswer(sending);
  const { file, id, text, answers } = sending;
  const result = file ? await postFile(sending) : await post("say", { id, text, answers });
  mark(id, result.ok ? "taken" : "failed");
  if (!result.ok) typing(false);
  if (result.notice) tell(result.notice);
  reconcile();
}

function postFile({ id, text, file }) {
  const query = new URLSearchParams({ id, name: file.name, caption: text || "" });
  const path = address("upload");
  const request = new XMLHttpRequest();
  request.open("POST", `${path}${path.includes("?") ? "&" : "?"}${query}`);
  request.setRequestHeader("content-type", "application/octet-stream");
  request.upload.onprogress = (event) => {
    const bar = unsent.get(id)?.line.querySelector(".zb-bar");
    if (bar) bar.style.setProperty("--done", `${(100 * event.loaded) / event.total}%`);
  };
  return new Promise((resolve) => {
    request.onload = () => {
      if (request.status === 413) return resolve({ ok: false, notice: tooLarge() });
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        /* An answer that is not ours counts as none. */
      }
      resolve(settle(request.status, answer));
    };
    request.onerror = () => resolve({ ok: false, notice: "" });
    request.send(file);
  });
}

export function tooLarge() {
  return `文件超过 ${Math.floor(frame().dataset.limit / 1048576)} MB，无法发送。`;
}

export async function again(line) {
  const id = line.dataset.unsent || line.dataset.update;
  const kept = unsent.get(id);
  await send(kept ? { id, text: kept.text, file: kept.file, answers: kept.answers } : { id });
}

let told = null;
let held = null;

/* A line that is drawn anew under the keyboard's focus keeps it: on the same button, or on what
   has taken the buttons' place. */
export function keepFocus() {
  if (!held || document.activeElement !== document.body) return;
  const line = find(`.zb-lines .zb-line[data-line="${held.line}"]`);
  const place = line?.querySelector(`[data-token="${held.token}"]`) || line?.querySelector(".zb-quiz");
  place?.focus();
}

export async function press(button) {
  const line = button.closest(".zb-line");
  held = button.matches(":focus-visible") ? { line: line.dataset.line, token: button.dataset.token } : null;
  const all = line.querySelectorAll(".zb-press");
  all.forEach((one) => (one.disabled = true));
  button.dataset.state = "busy";
  typingSoon();
  const body = { id: newId(), line: Number(line.dataset.line), token: button.dataset.token };
  const [result] = await Promise.all([post("press", body), pause(PRESS_PAUSE_MS)]);
  button.dataset.state = result.ok ? "pressed" : "";
  all.forEach((one) => (one.disabled = false));
  if (!result.ok) {
    typing(false);
    told?.();
    told = tell(result.notice || "没有成功，请再按一次。");
  }
}

export async function sharePhone(form) {
  const field = form.querySelector("input");
  const result = await post("phone", { id: newId(), phone: field.value });
  if (result.ok) field.value = "";
  else tell(result.notice || "没有成功，请再试一次。");
}
