// Small comforts; every page works without this file.
(function () {
  "use strict";
  var typing = function (t) { return t && (t.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(t.tagName)); };
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      if (hideCard()) { return; }
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
  // The card of a figure, beside it: on pointer or focus; it stays while either is on it, Esc takes it away.
  var card = null, owner = null, waiting = 0, cards = {};
  function hideCard() {
    window.clearTimeout(waiting);
    if (!card) { return false; }
    card.remove();
    if (owner) { owner.removeAttribute("aria-describedby"); }
    card = owner = null;
    return true;
  }
  function showCard(link, html) {
    hideCard();
    card = document.createElement("div");
    card.id = "figure-card";
    card.className = "card-pop";
    card.setAttribute("role", "tooltip");
    card.appendChild(html.cloneNode(true));
    document.body.appendChild(card);
    var box = link.getBoundingClientRect(), left = Math.min(box.left, document.documentElement.clientWidth - card.offsetWidth - 8);
    card.style.left = Math.max(8, left) + window.scrollX + "px";
    card.style.top = box.bottom + window.scrollY + "px";
    link.setAttribute("aria-describedby", "figure-card");
    owner = link;
  }
  function askCard(event) {
    var link = event.target.closest ? event.target.closest("a[data-card]") : null;
    if (card && card.contains(event.target)) { window.clearTimeout(waiting); return; }
    if (!link) { if (card) { window.clearTimeout(waiting); waiting = window.setTimeout(hideCard, 300); } return; }
    if (link === owner) { window.clearTimeout(waiting); return; }
    window.clearTimeout(waiting);
    waiting = window.setTimeout(function () {
      if (cards[link.href]) { showCard(link, cards[link.href]); return; }
      fetch(link.href, { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (text) {
        var part = new DOMParser().parseFromString(text, "text/html").getElementById("card");
        if (part) { part.removeAttribute("id"); cards[link.href] = part; if (link.matches(":hover, :focus")) { showCard(link, part); } }
      }).catch(function () {});
    }, event.type === "focusin" ? 0 : 250);
  }
  document.addEventListener("pointerover", askCard);
  document.addEventListener("focusin", askCard);
  // A swapped part takes the focus where it asks for it, so that a keyboard or a screen reader follows.
  document.addEventListener("htmx:afterSwap", function (event) {
    var part = event.target.querySelector("[data-focus]");
    if (part) { part.setAttribute("tabindex", "-1"); part.focus(); }
  });
  // The link to a page as it stands: copied where the browser lets us, else followed.
  document.addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest("a[data-copy]") : null;
    if (!link || !navigator.clipboard || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    event.preventDefault();
    navigator.clipboard.writeText(link.href).then(
      function () { document.getElementById("said").textContent = link.dataset.copy; },
      function () { window.location.href = link.href; });
  });
  // Selects and dates marked so send their form at once.
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-submit]")) { event.target.form.requestSubmit(); }
  });
})();
