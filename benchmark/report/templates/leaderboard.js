"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const board = byId("board");

  // ---- theme and controls -------------------------------------------------------------------
  byId("controls").hidden = false; // without a script there is nothing to control
  byId("theme").addEventListener("change", (event) => {
    document.documentElement.dataset.theme = event.target.value;
  });

  // ---- the table ----------------------------------------------------------------------------
  function tableControls() {
    const body = board.tBodies[0];
    const rows = Array.from(body.rows);
    const heads = Array.from(board.querySelectorAll("th[data-column]"));
    const groupHeads = Array.from(board.querySelectorAll("th[data-group]"));
    const boxes = Array.from(document.querySelectorAll("input[name=group]"));
    const find = byId("find");
    const published = byId("published");
    let sorted = heads.findIndex((head) => head.hasAttribute("aria-sort"));

    function show() {
      const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      const words = find.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      const isShown = data.columns.map(({ group }) => group === "name" || wanted.has(group));
      heads.forEach((head, column) => { head.hidden = !isShown[column]; });
      groupHeads.forEach((head) => { head.hidden = !wanted.has(head.dataset.group); });
      document.querySelectorAll("details[data-group]").forEach((details) => {
        details.hidden = !wanted.has(details.dataset.group);
      });
      for (const row of rows) {
        const facts = data.rows[row.dataset.row];
        const name = facts.name.toLocaleLowerCase();
        row.hidden = !words.every((word) => name.includes(word))
          || (facts.published && published !== null && !published.checked);
        Array.from(row.cells).forEach((cell, column) => { cell.hidden = !isShown[column]; });
      }
      partTies();
      say();
    }

    function sort(column, direction) {
      const { order } = data.columns[column];
      const sign = direction === "ascending" ? 1 : -1;
      rows.sort((a, b) => {
        const [x, y] = [order[a.dataset.row], order[b.dataset.row]];
        if (x === null || y === null) return (x === null) - (y === null); // blanks stay last
        return sign * (x - y);
      });
      body.append(...rows);
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[column].setAttribute("aria-sort", direction);
      sorted = column;
      partTies();
      say();
    }

    // A stronger line where the tie group changes, if the table is sorted by a task.
    function partTies() {
      const ties = sorted < 0 ? [] : data.columns[sorted].ties;
      const shown = rows.filter((row) => !row.hidden && (ties[row.dataset.row] ?? null) !== null);
      rows.forEach((row) => row.classList.remove("parted"));
      shown.slice(1).forEach((row, index) => {
        const above = shown[index];
        row.classList.toggle("parted", ties[row.dataset.row] !== ties[above.dataset.row]);
      });
    }

    function say() {
      const shown = rows.filter((row) => !row.hidden).length;
      const parts = [`${shown} of ${rows.length} rows`];
      if (sorted >= 0) {
        const { title, first } = data.columns[sorted];
        const direction = heads[sorted].getAttribute("aria-sort");
        const best = data.columns[sorted].group === "name" ? direction
          : direction === first ? "best first" : "worst first";
        parts.push(`sorted by ${title}, ${best}`);
      }
      byId("status").textContent = parts.join("; ");
    }

    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const { first } = data.columns[column];
        const other = first === "ascending" ? "descending" : "ascending";
        sort(column, head.getAttribute("aria-sort") === first ? other : first);
      });
    });
    find.addEventListener("input", show);
    [...boxes, published].forEach((box) => box?.addEventListener("change", show));
    show();
  }
  if (board) tableControls();

  // ---- remarks: the text of the list below, where the pointer or the focus is ----------------
  const tip = byId("tip");
  let about = null; // the link that the tip is about
  function showTip(link) {
    about = link;
    tip.textContent = byId(link.hash.slice(1)).textContent;
    tip.hidden = false;
    placeTip();
  }
  function placeTip() {
    const place = about.getBoundingClientRect();
    const left = Math.min(place.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const below = place.bottom + 6;
    const fits = below + tip.offsetHeight < window.innerHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${fits ? below : place.top - tip.offsetHeight - 6}px`;
  }
  const hideTip = () => { tip.hidden = true; };
  for (const link of document.querySelectorAll("a.remark")) {
    link.addEventListener("mouseenter", () => showTip(link));
    link.addEventListener("focus", () => showTip(link));
    link.addEventListener("mouseleave", hideTip);
    link.addEventListener("blur", hideTip);
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
  // A link that gets the focus may be scrolled into view after that.
  document.addEventListener("scroll", () => { if (!tip.hidden) placeTip(); }, true);

  // ---- paper shows what is folded -------------------------------------------------------------
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach((details) => { details.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));
})();
