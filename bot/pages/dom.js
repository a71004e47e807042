/* The page's places, and small things that every part needs. */

export const find = (selector) => document.querySelector(selector);
export const frame = () => find(".zb-frame");
export const input = () => find(".zb-input");
export const scroller = () => find(".zb-scroll");

/* An id for everything that is sent: the same id twice is one message. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

export function address(what) {
  const { chat, query } = frame().dataset;
  return `/chat/${encodeURIComponent(chat)}/${what}${query}`;
}

/* Show a notice for as long as it takes to read; returns how to take it away. */
export function tell(message) {
  const timeout = 4000 + 80 * message.length;
  return window.Quasar.Notify.create({ message, position: "top", timeout, color: "grey-9" });
}

export function pause(time) {
  return new Promise((resolve) => setTimeout(resolve, time));
}
