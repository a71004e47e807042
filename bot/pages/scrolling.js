/* The end of the chat stays in sight unless the reader has gone back to what was said before. */

import { find, scroller } from "./dom.js";

const NEAR_PX = 120;

let stuck = true;
let keptFromEnd = null;

export function stick() {
  stuck = true;
  follow();
}

export function follow() {
  const box = scroller();
  if (!box) return;
  if (keptFromEnd !== null) {
    box.scrollTop = box.scrollHeight - keptFromEnd;
  } else if (stuck) {
    box.scrollTop = box.scrollHeight;
  }
}

export function scrolled() {
  const box = scroller();
  stuck = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
  if (stuck) showNew(false);
}

export function showNew(on) {
  const button = find(".zb-new");
  if (button) button.hidden = !on;
}

export const atEnd = () => stuck;

/* What is put in above must not move what is being read. */
export function holdPlace() {
  keptFromEnd = scroller().scrollHeight - scroller().scrollTop;
}

export const holdsPlace = () => keptFromEnd !== null;

export function releasePlace() {
  keptFromEnd = null;
}
