/* Where the parts of a page meet: what is clicked, typed, dropped and drawn leads to what. */

import { closePalette, paletteKey, pick, suggest, togglePalette } from "./commands.js";
import { find, frame, input, newId, scroller } from "./dom.js";
import * as scrolling from "./scrolling.js";
import { again, keepFocus, press, reconcile, send, sharePhone } from "./sending.js";
import { typing } from "./typing.js";
import { reply, restoreDraft, sendFiles, submit, written } from "./writing.js";

const TITLE = document.title;

/* Light and dark are as the system has them, until they are chosen by hand. */
function light() {
  const kept = localStorage.getItem("zhibu-dark");
  if (kept !== null) window.Quasar.Dark.set(kept === "1");
}

function switchDark() {
  const dark = !document.body.classList.contains("body--dark");
  localStorage.setItem("zhibu-dark", dark ? "1" : "0");
  light();
}

/* The demo's list of people. */
function filterPeople(wanted) {
  const parts = wanted.trim().toLowerCase().split(/\s+/);
  let shown = 0;
  for (const unit of document.querySelectorAll(".zb-unit")) {
    let here = 0;
    for (const person of unit.querySelectorAll("[data-words]")) {
      const text = person.dataset.words.toLowerCase();
      person.hidden = !parts.every((part) => text.includes(part));
      here += !person.hidden;
    }
    unit.hidden = !here;
    shown += here;
  }
  find(".zb-nobody").hidden = shown > 0;
}

const acts = {
  attach: () => find(".zb-pick").click(),
  dark: switchDark,
  down: () => (scrolling.stick(), scrolling.showNew(false)),
  palette: togglePalette,
  send: enter,
  unreply: () => reply(null),
};

function enter() {
  closePalette();
  submit();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, [data-do], .zb-option");
  if (!frame() || !button) return;
  if (button.dataset.do) acts[button.dataset.do]();
  else if (button.classList.contains("zb-option")) pick(button);
  else if (button.classList.contains("zb-retry")) again(button.closest(".zb-line"));
  else if (button.classList.contains("zb-reply")) reply(button.closest(".zb-line"));
  else if (button.dataset.text) send({ id: newId(), text: button.dataset.text });
  else if (button.dataset.token) press(button);
  else if (button.classList.contains("zb-earlier")) scrolling.holdPlace();
});

document.addEventListener("keydown", (event) => {
  if (!event.target.classList?.contains("zb-input")) return;
  /* Enter in an input method chooses a word and sends nothing. */
  if (event.isComposing || event.keyCode === 229) return;
  if (paletteKey(event)) return;
  if (event.key === "Escape") reply(null);
  if (event.key !== "Enter" || event.shiftKey) return;
  event.preventDefault();
  enter();
});

document.addEventListener("input", (event) => {
  if (event.target.classList.contains("zb-input")) {
    written();
    suggest();
  } else if (event.target.closest(".zb-find")) {
    filterPeople(event.target.value);
  }
});

document.addEventListener("change", (event) => {
  if (!event.target.classList.contains("zb-pick")) return;
  sendFiles([...event.target.files]);
  event.target.value = "";
});

document.addEventListener("submit", (event) => {
  if (!event.target.classList.contains("zb-contact")) return;
  event.preventDefault();
  sharePhone(event.target);
});

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  if (!frame() || !files.length) return;
  event.preventDefault();
  sendFiles(files);
});

function dragged(event, over) {
  if (!frame() || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  find(".zb-main").classList.toggle("zb-drop", over);
}

document.addEventListener("dragover", (event) => dragged(event, true));
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) dragged(event, false);
});
document.addEventListener("drop", (event) => {
  dragged(event, false);
  if (frame() && event.dataTransfer?.files.length) sendFiles([...event.dataTransfer.files]);
});
document.addEventListener("scroll", (event) => {
  if (event.target === scroller()) scrolling.scrolled();
}, true);

function lastLine() {
  const lines = document.querySelectorAll(".zb-lines .zb-line");
  return Number(lines[lines.length - 1]?.dataset.line) || 0;
}

let newest = 0;

function changed(records) {
  const added = records.flatMap((record) => [...record.addedNodes]);
  const spoke = added.some((node) => node.matches?.(".zb-said") || node.querySelector?.(".zb-said"));
  const last = lastLine();
  if (spoke && !scrolling.holdsPlace()) typing(false);
  if (last > newest && newest && !scrolling.atEnd()) scrolling.showNew(true);
  if (last > newest && document.hidden) document.title = `● ${TITLE}`;
  newest = Math.max(newest, last);
  reconcile();
  keepFocus();
  scrolling.follow();
  scrolling.releasePlace();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.title = TITLE;
});

function begin() {
  new MutationObserver(changed).observe(find(".zb-lines"), { childList: true, subtree: true });
  new ResizeObserver(scrolling.follow).observe(find(".zb-column"));
  restoreDraft();
  newest = lastLine();
  scrolling.stick();
  if (matchMedia("(hover: hover)").matches) input().focus();
}

const waiting = new MutationObserver(() => {
  if (!find(".zb-column") && !find(".zb-choose")) return;
  waiting.disconnect();
  light();
  if (frame()) begin();
});
waiting.observe(document.documentElement, { childList: true, subtree: true });
