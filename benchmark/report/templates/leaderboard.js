"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const board = byId("board");
  const all = (selector) => Array.from(document.querySelectorAll(selector));

  // ---- small things -------------------------------------------------------------------------
  function element(tag, text = "", attributes = {}) {
    const made = document.createElement(tag);
    made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }
  function drawn(tag, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  }
  const number = (whole, digits = 3) => whole === null ? "–"
    : (whole / data.unit).toFixed(digits).replace("-", "−");
  const signed = (whole) => (whole > 0 ? "+" : "") + number(whole);
  const wordsOf = (field) => field.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const holds = (name, words) => words.every((word) => name.toLocaleLowerCase().includes(word));
  const isTask = ({ group }) => !["name", "overall", "cost"].includes(group);
  const isScore = (column) => Boolean(column.values);

  document.documentElement.classList.add("script");
  byId("theme")?.addEventListener("change", (event) => {
    document.documentElement.dataset.theme = event.target.value;
  });

  // ---- the table: sort, filter, views, and its state in the address ---------------------------
  function tableControls() {
    const body = board.tBodies[0];
    const rows = Array.from(body.rows);
    const heads = Array.from(board.querySelectorAll("th[data-column]"));
    const groupHeads = Array.from(board.querySelectorAll("th[data-group]"));
    const groups = all("input[name=group]");
    const kinds = all("input[name=kind]");
    const uses = all("input[name=use]");
    const tasks = all("input[name=task]");
    const views = all("input[name=view]");
    const [find, findTask, size, chosen, folded] =
      ["find", "find-task", "size", "column", "folded"].map(byId);
    let sorted = heads.findIndex((head) => head.hasAttribute("aria-sort"));

    function columnIsShown(column) {
      if (column.group === "name") return true;
      if (!groups.some((box) => box.checked && box.value === column.group)) return false;
      if (!isTask(column)) return true;
      const box = tasks.find(({ value }) => value === column.title);
      return (!box || box.checked) && holds(column.title, wordsOf(findTask));
    }
    function rowIsShown(row) {
      const unwanted = kinds.some((box) => !box.checked && box.value === row.kind)
        || uses.some((box) => !box.checked && box.value === row.use);
      const isSmall = !size?.value || (row.parameters !== null && row.parameters <= size.value * 1e6);
      return !unwanted && isSmall && (!row.folded || folded.checked) && holds(row.name, wordsOf(find));
    }

    function show() {
      const isShown = data.columns.map(columnIsShown);
      const shownTasks = new Set();
      heads.forEach((head, column) => {
        head.hidden = !isShown[column];
        head.classList.toggle("chosen", data.columns[column].title === chosen.value);
        if (isShown[column]) shownTasks.add(data.columns[column].title);
      });
      groupHeads.forEach((head) => {
        const { group } = head.dataset;
        const count = data.columns.filter((c, i) => c.group === group && isShown[i]).length;
        head.hidden = count === 0;
        head.colSpan = Math.max(count, 1);
      });
      all("details[data-task]").forEach((details) => {
        details.hidden = !shownTasks.has(details.dataset.task);
      });
      for (const row of rows) {
        row.hidden = !rowIsShown(data.rows[row.dataset.row]);
        Array.from(row.cells).forEach((cell, column) => {
          cell.hidden = !isShown[column];
          cell.classList.toggle("chosen", data.columns[column].title === chosen.value);
        });
      }
      board.className = `view-${views.find((view) => view.checked).value}`;
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
      } else if (rows.length > 1) {
        parts.push("not sorted, as no score is over all tasks: click the head of a column");
      }
      byId("status").textContent = parts.join("; ");
    }

    // The state is kept in the address behind #, so that a view can be sent to somebody.
    const fields = { find, "find-task": findTask, ...(size && { size }), column: chosen };
    const boxes = { group: groups, kind: kinds, use: uses, task: tasks };
    const start = { view: views.find((view) => view.checked).value, sorted, column: chosen.value };
    function state() {
      const words = new URLSearchParams();
      for (const [name, field] of Object.entries(fields)) {
        if (field.value && field.value !== start[name]) words.set(name, field.value);
      }
      for (const [name, list] of Object.entries(boxes)) {
        list.filter((box) => !box.checked).forEach((box) => words.append(`no-${name}`, box.value));
      }
      if (folded?.checked) words.set("folded", "shown");
      const view = views.find(({ checked }) => checked).value;
      if (view !== start.view) words.set("view", view);
      if (sorted >= 0) {
        const turned = heads[sorted].getAttribute("aria-sort") !== data.columns[sorted].first;
        if (sorted !== start.sorted || turned) {
          words.set("sort", `${turned ? "-" : "+"}${data.columns[sorted].title}`);
        }
      }
      return words;
    }
    function keep() {
      const words = state();
      compare.keep(words);
      history.replaceState(null, "", `#${words}`);
    }
    function restore() {
      if (!location.hash.includes("=")) return; // a link to a remark
      const words = new URLSearchParams(location.hash.slice(1));
      for (const [name, field] of Object.entries(fields)) {
        if (!words.has(name)) continue;
        const before = field.value;
        field.value = words.get(name);
        if (field.selectedIndex === -1) field.value = before; // no such choice
      }
      for (const [name, list] of Object.entries(boxes)) {
        const without = words.getAll(`no-${name}`);
        list.forEach((box) => { box.checked = !without.includes(box.value); });
      }
      if (folded) folded.checked = words.has("folded");
      const wanted = views.find(({ value }) => value === words.get("view"))?.value ?? start.view;
      views.forEach((view) => { view.checked = view.value === wanted; });
      const by = words.get("sort");
      const column = by ? data.columns.findIndex(({ title }) => title === by.slice(1)) : -1;
      if (column >= 0) {
        const { first } = data.columns[column];
        sort(column, by[0] === "+" ? first : first === "ascending" ? "descending" : "ascending");
      }
      compare.restore(words);
    }

    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const { first } = data.columns[column];
        const other = first === "ascending" ? "descending" : "ascending";
        sort(column, head.getAttribute("aria-sort") === first ? other : first);
        keep();
      });
    });
    const change = () => { show(); keep(); };
    find.addEventListener("input", change);
    findTask.addEventListener("input", change);
    [...groups, ...kinds, ...uses, ...tasks, ...views, size, folded]
      .forEach((field) => field?.addEventListener("change", change));
    chosen.addEventListener("change", () => {
      const column = data.columns.findIndex(({ title }) => title === chosen.value);
      sort(column, data.columns[column].first);
      change();
    });
    // What has the focus may lie half behind the heads that stay.
    board.addEventListener("focusin", ({ target }) => {
      const scroll = board.parentElement;
      const [place, frame] = [target, scroll].map((each) => each.getBoundingClientRect());
      const [names, head] = [heads[0], board.tHead].map((each) => each.getBoundingClientRect());
      if (target.closest("thead, td") === null || target.closest(".corner")) return;
      const behind = place.left - names.right - 6;
      const beyond = place.right - frame.right + 6;
      if (behind < 0) scroll.scrollLeft += behind;
      else if (beyond > 0) scroll.scrollLeft += Math.min(beyond, behind);
      if (!target.closest("thead") && place.top < head.bottom) scroll.scrollTop += place.top - head.bottom - 6;
    });
    body.addEventListener("pointerover", ({ target }) => {
      const head = target.closest("tbody th");
      if (!head) return;
      const isCut = head.scrollWidth > head.clientWidth;
      head.title = isCut ? data.rows[head.parentElement.dataset.row].name : "";
    });
    const compare = twoModels(rows, keep);
    compare.restore(new URLSearchParams());
    restore();
    show();
    byId("controls").hidden = false; // without a script there is nothing to control
    const isNarrow = window.matchMedia("(max-width: 40rem)");
    const unfold = () => { byId("filters").open = !isNarrow.matches; };
    isNarrow.addEventListener("change", unfold);
    unfold();
    download(rows, columnIsShown);
  }

  // ---- what is shown as a CSV table, and its address ------------------------------------------
  // A spreadsheet takes a cell that begins like this for a formula: an apostrophe makes it a text.
  const formula = /^['=+\-@\uff1d\uff0b\uff0d\uff20]/;
  const csvCell = (text) => `"${text.replace(formula, "'$&").replaceAll('"', '""')}"`;
  const csvNumber = (whole) => (whole ?? null) === null ? "" : String(whole / data.unit);

  function csvOf(rows, columns) {
    const head = ["model", "kind"].concat(...columns.map(({ title, values }) =>
      values ? [title, `${title}:low`, `${title}:high`] : [title]));
    const lines = rows.map((row) => {
      const number = row.dataset.row;
      const { name, kind } = data.rows[number];
      return [csvCell(name), kind].concat(...columns.map((column) => column.values
        ? [column.values[number], ...(column.bounds[number] ?? [null, null])].map(csvNumber)
        : [csvCell(row.cells[data.columns.indexOf(column)].textContent.trim().replace("–", ""))]));
    });
    return [head.map(csvCell), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
  }
  function download(rows, columnIsShown) {
    byId("download").addEventListener("click", () => {
      const columns = data.columns.filter((column) => column.group !== "name" && columnIsShown(column));
      const csv = csvOf(rows.filter((row) => !row.hidden), columns);
      const address = URL.createObjectURL(new Blob(["\ufeff", csv], { type: "text/csv" }));
      element("a", "", { href: address, download: "leaderboard.csv" }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
    });
  }
  byId("copy").addEventListener("click", async ({ target }) => {
    try {
      await navigator.clipboard.writeText(location.href);
      target.textContent = "Copied";
    } catch {
      window.prompt("The address of this view:", location.href);
    }
    setTimeout(() => { target.textContent = "Copy link"; }, 2000);
  });
  byId("download").hidden = !board;
  byId("actions").hidden = false;

  // ---- two models side by side ----------------------------------------------------------------
  function twoModels(rows, keep) {
    const selects = [byId("first"), byId("second")];
    const ticks = new Map();
    for (const row of rows) {
      const { name } = data.rows[row.dataset.row];
      const tick = element("input", "", { type: "checkbox", "aria-label": `Compare ${name}` });
      tick.className = "tick";
      ticks.set(Number(row.dataset.row), tick);
      row.cells[0].prepend(tick);
      tick.addEventListener("change", () => {
        const kept = picked().filter((other) => other !== Number(row.dataset.row));
        choose(tick.checked ? [...kept, Number(row.dataset.row)].slice(-2) : kept);
        keep();
      });
    }
    data.rows.forEach(({ name }, row) => {
      selects.forEach((select) => select.append(element("option", name, { value: row })));
    });
    selects.forEach((select) => select.addEventListener("change", () => {
      choose(picked());
      keep();
    }));
    byId("two").hidden = data.rows.length < 2;

    function picked() {
      return selects.map(({ value }) => value).filter((value) => value !== "").map(Number);
    }
    // Of the rows that tests compare: an example before anything is chosen.
    function firstTwo() {
      const tested = data.columns.find(({ tests }) => tests)?.tests.rows ?? [];
      return [...tested].sort((x, y) => x - y).slice(0, 2);
    }
    function choose(pair) {
      selects.forEach((select, place) => { select.value = pair[place] ?? ""; });
      ticks.forEach((tick, row) => { tick.checked = pair.includes(row); });
      const shown = pair.length === 0 ? firstTwo() : pair;
      const isPair = shown.length === 2 && shown[0] !== shown[1];
      byId("two-scroll").hidden = !isPair;
      byId("two-summary").textContent = "";
      if (isPair) showPair(...shown);
    }
    return {
      keep: (words) => picked().forEach((row) => words.append("two", data.rows[row].name)),
      restore: (words) => choose(words.getAll("two")
        .map((name) => data.rows.findIndex((row) => row.name === name)).filter((row) => row >= 0)),
    };
  }

  // The test of two rows on a task, seen from the first; nothing where there is none.
  function pairOf({ tests }, a, b) {
    if (!tests) return null;
    const [x, y] = [tests.rows.indexOf(a), tests.rows.indexOf(b)];
    if (x < 0 || y < 0) return null;
    const [low, high] = [Math.min(x, y), Math.max(x, y)];
    const count = tests.rows.length;
    const place = low * count - (low * (low + 1)) / 2 + (high - low - 1);
    if (tests.p[place] === null) return null;
    const bounds = [tests.low[place], tests.high[place]];
    return { p: tests.p[place], bounds: x < y ? bounds : [-bounds[1], -bounds[0]] };
  }

  function showPair(a, b) {
    const body = byId("two-body");
    const names = [data.rows[a].name, data.rows[b].name];
    const heads = byId("two-scroll").querySelectorAll("thead th");
    names.forEach((name, place) => { heads[place + 1].textContent = name; });
    const columns = data.columns.filter((c) => isTask(c) && isScore(c)
      && c.values[a] !== null && c.values[b] !== null);
    const pairs = columns.map((column) => pairOf(column, a, b));
    const ends = columns.flatMap((column, i) =>
      [column.values[a] - column.values[b], ...(pairs[i]?.bounds ?? [])]);
    const most = Math.max(1, ...ends.filter((end) => end !== null).map(Math.abs));
    const counts = { better: 0, worse: 0, open: 0, untested: 0 };
    body.replaceChildren(...columns.map((column, i) => {
      const line = pairLine(column, pairs[i], a, b, most);
      counts[line.dataset.verdict] += 1;
      return line;
    }));
    const { better, worse, open, untested } = counts;
    const tested = better + worse + open;
    byId("two-summary").textContent = tested === 0
      ? `No task on which both have predictions: ${names.join(" and ")} can only be set side by side.`
      : `${names[0]} wins ${better}, loses ${worse} and ties ${open} of ${tested} tasks against ${names[1]}`
        + " (paired tests, corrected for all pairs of a task)."
        + (untested ? ` ${untested} more without a test.` : "");
  }

  const SIGNS = { better: "▲ first is better", worse: "▼ second is better", open: "≈ not told apart",
    untested: "not tested" };
  function pairLine(column, pair, a, b, most) {
    const difference = column.values[a] - column.values[b];
    const sign = column.first === "descending" ? 1 : -1;
    const isSure = pair && pair.p <= 0.05 * data.unit;
    const verdict = !pair ? "untested" : !isSure ? "open" : sign * difference > 0 ? "better" : "worse";
    const line = element("tr", "", { "data-verdict": verdict });
    const name = element("th", "", { scope: "row" });
    name.append(element("bdi", column.title), " ", element("span", column.score, { class: "quiet" }));
    const drawing = element("td");
    drawing.append(differenceBar(difference, pair?.bounds, most));
    line.append(name, element("td", number(column.values[a])), element("td", number(column.values[b])),
      element("td", signed(difference)),
      element("td", pair && pair.bounds[0] !== null ? pair.bounds.map(signed).join(" to ") : "–"),
      drawing,
      element("td", pair ? (pair.p < 0.001 * data.unit ? "<0.001" : number(pair.p)) : "–"),
      element("td", SIGNS[verdict], { class: verdict }));
    return line;
  }

  function differenceBar(difference, bounds, most) {
    const svg = drawn("svg", { class: "bar", viewBox: "-4 0 108 12", "aria-hidden": "true" });
    const at = (value) => 50 + (50 * value) / most;
    svg.append(drawn("path", { class: "zero", d: "M50 0V12" }));
    if (bounds && bounds[0] !== null) {
      svg.append(drawn("path", { class: "range", d: `M${at(bounds[0])} 6H${at(bounds[1])}` }));
    }
    svg.append(drawn("circle", { cx: at(difference), cy: 6, r: 2.8, class: bounds ? "" : "alone" }));
    return svg;
  }

  // ---- all rows on one task -------------------------------------------------------------------
  function oneTask() {
    const choice = byId("one-task");
    const draw = () => {
      const column = data.columns.find((c) => isTask(c) && c.title === choice.value);
      byId("one-chart").replaceChildren(...(column ? [taskChart(column)] : []));
    };
    if (choice.options.length === 0) return;
    byId("one").hidden = false;
    choice.addEventListener("change", draw);
    draw();
  }

  function taskChart(column) {
    const shown = column.values.map((value, row) => ({ value, row, bounds: column.bounds[row] }))
      .filter(({ value, row }) => value !== null && column.order[row] !== null);
    const sign = column.first === "descending" ? -1 : 1;
    shown.sort((x, y) => sign * (x.value - y.value));
    const ends = shown.flatMap(({ value, bounds }) => [value, ...(bounds ?? [])])
      .filter((end) => end !== null);
    let [low, high] = [Math.min(...ends), Math.max(...ends)];
    if (low === high) [low, high] = [low - data.unit / 100, high + data.unit / 100];
    const isNarrow = window.innerWidth < 640;
    const [left, width, line] = isNarrow ? [130, 400, 20] : [250, 760, 20];
    const longest = isNarrow ? 17 : 38; // letters of a name
    const height = shown.length * line + 44;
    const at = (value) => left + 12 + ((width - left - 64) * (value - low)) / Math.max(high - low, 1);
    const svg = drawn("svg", { class: "chart wide", viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": `Scores of ${shown.length} rows on ${column.title}, ${column.score}, best on top; `
        + "the table has the same numbers." });
    for (const tick of ticks(low, high)) {
      svg.append(drawn("path", { class: "grid", d: `M${at(tick)} 18V${height - 22}` }));
      [12, height - 8].forEach((y) => svg.append(
        drawn("text", { x: at(tick), y, "text-anchor": "middle" }, String(tick / data.unit))));
    }
    shown.forEach(({ value, row, bounds }, place) => {
      const { name, kind } = data.rows[row];
      const y = 32 + place * line;
      const mark = drawn("g", { class: kind });
      const cut = name.length > longest ? `${name.slice(0, longest - 1)}…` : name;
      mark.append(drawn("title", {}, name), drawn("text", { x: left, y: y + 4, "text-anchor": "end" }, cut));
      if (bounds && bounds[0] !== null && bounds[1] !== null) {
        mark.append(drawn("path", { d: `M${at(bounds[0])} ${y}H${at(bounds[1])}` }));
      }
      mark.append(drawn("circle", { cx: at(value), cy: y, r: 4 }),
        drawn("text", { x: width, y: y + 4, "text-anchor": "end" }, number(value)));
      svg.append(mark);
    });
    return svg;
  }

  // Round numbers between two ends, about five.
  function ticks(low, high) {
    const rough = Math.max(high - low, 1) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((digit) => digit * power).find((round) => round >= rough);
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
  }

  if (board) {
    tableControls();
    oneTask();
  }

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
    opened = Array.from(document.querySelectorAll("details:not([open]):not(.chooser)"));
    opened.forEach((details) => { details.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));
})();
