// Small comforts; every page works without this file.
(function () {
  "use strict";
  var typing = function (t) { return t && (t.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(t.tagName)); };
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      var open = document.querySelector("details[open].card-cite");
      if (open) { open.removeAttribute("open"); open.querySelector("summary").focus(); }
      return;
    }
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (document.documentElement.dataset.keys === "off") { return; }
    if (event.key === "/") {
      var box = document.querySelector("[data-search]");
      if (box) { event.preventDefault(); box.focus(); }
    } else if (event.key === "?") {
      window.location.href = "/help";
    } else if (event.key === "j" || event.key === "k") {
      var links = Array.prototype.slice.call(document.querySelectorAll("[data-rows] tbody th a, [data-rows] tbody td:first-child a"));
      if (!links.length) { return; }
      var at = links.indexOf(document.activeElement);
      links[Math.max(0, Math.min(links.length - 1, at + (event.key === "j" ? 1 : -1)))].focus();
    }
  });
  // A swapped part takes the focus where it asks for it, so that a keyboard or a screen reader follows.
  document.addEventListener("htmx:afterSwap", function (event) {
    var part = event.target.querySelector("[data-focus]");
    if (part) { part.setAttribute("tabindex", "-1"); part.focus(); }
  });
  // Selects and dates marked so send their form at once.
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-submit]")) { event.target.form.requestSubmit(); }
  });
})();
