"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const tip = one("#tip");
  const nets = all(".net");
  let net = nets[0];
  for (const panel of all(".panel")) panel.dataset.first = panel.dataset.prefix;

  // --- which box has a path: names are written as they are, or as stem~first~last
  const names = box => (box.dataset.n ? box.dataset.n.split(" ") : []);
  function matched(name, path) {
    const [stem, first, last] = name.split("~");
    if (first === undefined) return path === name || path.startsWith(name + ".") ? name : "";
    if (!path.startsWith(stem)) return "";
    const digits = /^(0|[1-9][0-9]*)(?=\.|$)/.exec(path.slice(stem.length));
    return digits && +digits[0] >= +first && +digits[0] <= +last ? stem + digits[0] : "";
  }
  function boxOf(panel, path) {
    let best = null, longest = "";
    for (const box of all("[data-n]", panel))
      for (const name of names(box)) {
        const found = matched(name, path);
        if (found.length > longest.length) [best, longest] = [box, found];
      }
    return [best, longest];
  }

  // --- opening and closing
  const root = () => one(".panel", net);
  const panelOf = box => box.closest(".panel");
  const opener = panel => all("[aria-expanded=true]", net).filter(box => box.dataset.g === panel.id);
  function open(box, name = "") {
    const parent = panelOf(box), panel = document.getElementById(box.dataset.g);
    if (panel === parent) return panel;
    if (!panel.hidden) for (const other of opener(panel)) other.setAttribute("aria-expanded", "false");
    if (parent === root()) one(".opened", net).prepend(panel); else parent.after(panel);
    const inner = box.dataset.c && name ? name : box.dataset.p;
    panel.dataset.prefix = parent.dataset.prefix + (inner ? inner + "." : "");
    one(".path", panel).textContent = panel.dataset.prefix.slice(0, -1) || "network";
    panel.hidden = false;
    box.setAttribute("aria-expanded", "true");
    return panel;
  }
  function close(panel) {
    if (panel === root() || panel.hidden) return;
    panel.hidden = true;
    for (const box of all("[aria-expanded=true]", panel)) {
      box.setAttribute("aria-expanded", "false");
      close(document.getElementById(box.dataset.g));
    }
    for (const box of opener(panel)) box.setAttribute("aria-expanded", "false");
  }
  function toggle(box) {
    if (!box.dataset.g) return;
    const panel = document.getElementById(box.dataset.g);
    if (box.getAttribute("aria-expanded") === "true") return close(panel);
    open(box).scrollIntoView({block: "nearest", inline: "nearest"});
  }

  // --- selecting: the picture and the table show the same
  function mark(box, row) {
    for (const old of all(".here")) old.classList.remove("here");
    if (box) box.classList.add("here");
    if (row) {
      row.classList.add("here");
      for (let level = +row.ariaLevel, at = row; level > 1 && at; at = at.previousElementSibling)
        if (+at.ariaLevel < level) { level = +at.ariaLevel; unfold(at, true); }
      if (getComputedStyle(row.closest(".side")).position === "sticky") row.scrollIntoView({block: "nearest"});
    }
  }
  function rowOf(path) {
    let best = null;
    for (const row of all("tr[data-path]", net)) {
      const copy = row.dataset.r ? matched(row.dataset.r, path) : "";  // it stands for equal copies
      if (copy) path = row.dataset.path + path.slice(copy.length);
      const own = row.dataset.path;
      if (own && (path === own || path.startsWith(own + ".")) && (!best || own.length > best.dataset.path.length)) best = row;
    }
    return best;
  }
  function reveal(path) {
    let panel = root(), box = null;
    while (path.length >= panel.dataset.prefix.length) {
      const rest = path.slice(panel.dataset.prefix.length);
      const [next, name] = boxOf(panel, rest);
      if (!next) break;
      box = next;
      if (name === rest || !box.dataset.g) break;
      const inner = open(box, name);
      if (inner === panel) break;
      panel = inner;
    }
    mark(box, rowOf(path));
    if (box) {
      box.focus({preventScroll: true});
      box.scrollIntoView({block: "nearest", inline: "nearest"});
    }
    return box;
  }
  function pathOf(box) {
    const first = names(box)[0] || box.dataset.s || "";
    const [stem, low] = first.split("~");
    return panelOf(box).dataset.prefix + (low === undefined ? first : stem + low);
  }
  const hash = path => (nets.length > 1 ? net.dataset.name + "/" : "") + path;
  function remember(path) {
    try { history.replaceState(null, "", "#" + hash(path)); } catch { /* a page without an address */ }
  }

  // --- what is pointed at
  function show(box, x, y) {
    const panel = panelOf(box), first = panel.dataset.first, here = panel.dataset.prefix;
    let text = box.dataset.d;  // written for the first of equal modules
    if (first !== here && text.startsWith(first))
      text = here + text.slice(first.length).replace(/\nreceptive field:.*/, "");
    tip.textContent = text;
    tip.hidden = false;
    const size = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - size.width - 6)) + "px";
    tip.style.top = (y + 18 + size.height > innerHeight ? Math.max(4, y - size.height - 12) : y + 18) + "px";
    const svg = box.closest("svg"), index = String([...svg.children].filter(c => !c.classList.contains("e")).indexOf(box));
    for (const edge of all(".e", svg)) edge.classList.toggle("on", edge.dataset.e.split(" ").includes(index));
  }
  function hide() {
    tip.hidden = true;
    for (const edge of all(".e.on")) edge.classList.remove("on");
  }

  // --- the table
  function unfold(row, yes) {
    if (!row.hasAttribute("aria-expanded")) return;
    row.setAttribute("aria-expanded", String(yes));
    const level = +row.getAttribute("aria-level");
    for (let at = row.nextElementSibling; at && +at.getAttribute("aria-level") > level; at = at.nextElementSibling) {
      const own = +at.getAttribute("aria-level");
      if (!yes) { at.hidden = true; if (at.hasAttribute("aria-expanded")) at.setAttribute("aria-expanded", "false"); }
      else if (own === level + 1) at.hidden = false;
    }
  }
  function find(text) {
    const word = text.trim().toLowerCase();
    for (const old of all(".hit")) old.classList.remove("hit");
    for (const row of all("tr[data-path]", net)) {
      const said = (row.dataset.path + " " + row.cells[0].textContent + " " + row.cells[1].textContent).toLowerCase();
      row.hidden = word ? !said.includes(word) : +row.getAttribute("aria-level") > 1;
      if (row.hasAttribute("aria-expanded")) row.setAttribute("aria-expanded", String(Boolean(word) && !row.hidden));
    }
    if (word)
      for (const box of all("[data-d]", net))
        if (box.dataset.d.toLowerCase().includes(word)) box.classList.add("hit");
  }

  // --- events
  document.addEventListener("click", event => {
    const shut = event.target.closest(".shut"), box = event.target.closest("[data-d]"), row = event.target.closest("tr[data-path]");
    if (shut) {
      const panel = shut.closest(".panel"), from = opener(panel)[0];
      close(panel);
      if (from) { from.focus({preventScroll: true}); from.scrollIntoView({block: "nearest"}); }
    }
    else if (box) { toggle(box); const path = pathOf(box); mark(box, rowOf(path)); remember(path); }
    else if (row) {
      unfold(row, row.getAttribute("aria-expanded") !== "true");
      if (row.dataset.path) { reveal(row.dataset.path); remember(row.dataset.path); }
    }
  });
  document.addEventListener("mousemove", event => {
    const box = event.target.closest && event.target.closest("[data-d]");
    if (box) show(box, event.clientX, event.clientY); else hide();
  });
  document.addEventListener("focusin", event => {
    const box = event.target.closest("[data-d]");
    if (!box || !box.matches(":focus-visible")) return hide();
    const place = box.getBoundingClientRect();
    show(box, place.left, place.bottom - 12);
  });
  document.addEventListener("keydown", event => {
    const box = event.target.closest("[data-d]"), row = event.target.closest("tr[data-path]");
    const key = event.key;
    if (key === "/" && event.target !== one("#find")) { event.preventDefault(); one("#find").focus(); }
    else if (key === "Escape") {
      if (event.target === one("#find")) { event.target.value = ""; find(""); }
      else if (box && panelOf(box) !== root()) { const from = opener(panelOf(box))[0]; close(panelOf(box)); if (from) from.focus(); }
      hide();
    }
    else if (key === "Enter" && event.target === one("#find")) {
      const row = all("tr[data-path]", net).find(row => !row.hidden && row.dataset.path);
      if (row) reveal(row.dataset.path);
    }
    else if ((key === "Enter" || key === " ") && (box || row)) { event.preventDefault(); (box || row).dispatchEvent(new MouseEvent("click", {bubbles: true})); }
    else if ((key === "ArrowDown" || key === "ArrowUp") && (box || row)) {
      event.preventDefault();
      const list = all(box ? ".panel:not([hidden]) [data-d]" : "tr[data-path]:not([hidden])", net);
      const next = list[list.indexOf(box || row) + (key === "ArrowDown" ? 1 : -1)];
      if (next) next.focus();
    }
    else if ((key === "ArrowRight" || key === "ArrowLeft") && row) unfold(row, key === "ArrowRight");
  });
  function choose(index) {
    net = nets[index] || nets[0];
    for (const other of nets) other.hidden = other !== net;
    for (const box of all("[data-a][aria-expanded=false]", root())) open(box);  // what has most of the network
    const first = one("tr[data-path]", net);
    if (first) first.tabIndex = 0;
  }
  function follow() {
    let path = decodeURIComponent(location.hash.slice(1));
    const index = nets.findIndex(other => nets.length > 1 && path.startsWith(other.dataset.name + "/"));
    if (index >= 0) { choose(index); one("#pick").value = String(index); path = path.slice(net.dataset.name.length + 1); }
    if (path) reveal(path);
  }
  const on = (selector, name, act) => { const found = one(selector); if (found) found.addEventListener(name, act); };
  on("#pick", "change", event => choose(+event.target.value));
  on("#color", "change", event => { document.body.dataset.color = event.target.value; });
  on("#find", "input", event => find(event.target.value));
  on("#close", "click", () => { for (const panel of all(".panel", net)) close(panel); });
  on("#theme", "click", () => {
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  });
  if (one("#color")) one("#color").value = document.body.dataset.color;
  addEventListener("hashchange", follow);
  choose(0);
  follow();
})();
