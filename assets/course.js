/* The contents of a page, which are a dialog on a phone, close when they have led to a section. */
document.addEventListener("click", (event) => {
  event.target.closest('dialog[open] a[href^="#"]')?.closest("dialog").close();
});

/* Around a result of the search a formula is read once, not once for each way in which it is set. */
addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  const { htmlToText } = Search;
  Search.htmlToText = (html, anchor) => htmlToText(html.replace(/<math\b.*?<\/math>/gs, ""), anchor);
});

/* On a phone the sections of a page are laid out one after the other when the phone has time, and
   not all before the first can be read (course.css). Who follows a link has them all at once: else
   it would lead to where a section was thought to be. */
{
  const { classList } = document.documentElement;
  const sections = [...document.querySelectorAll("article section section")];
  const all = () => classList.remove("arriving");
  const next = () => {
    if (!classList.contains("arriving")) return;
    if (!sections.length) return all();
    sections.shift().classList.add("laid-out");
    requestAnimationFrame(() => requestIdleCallback(next));
  };
  addEventListener("hashchange", all);
  addEventListener("beforeprint", all);
  document.addEventListener("click", (event) => event.target.closest("a") && all(), true);
  if (window.requestIdleCallback) addEventListener("load", () => requestIdleCallback(next));
  else all();
}
