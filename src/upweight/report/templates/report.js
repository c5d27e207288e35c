"use strict";
// The page reads without this script. It adds: sorting, copying, the light/dark choice, and the threshold bench.
// It turns no text into elements and asks for nothing from anywhere.
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const places = (value, n) => value.toLocaleString("en-US", { minimumFractionDigits: n, maximumFractionDigits: n });
  const share = (value) => (value === null ? "–" : places(100 * value, 1) + "\u202f%");
  const three = (value) => (value === 0 ? "0.00" : value.toPrecision(3));

  // one polite voice for the whole page, at most twice a second
  let waiting = 0;
  function say(text) {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => { find("said").textContent = text; }, 450);
  }

  function wake() {
    all("[data-needs-script]").forEach((element) => { element.hidden = false; });
    all("[data-no-script]").forEach((element) => { element.hidden = true; });
  }

  function choosable_theme() {
    all("input[name=theme]").forEach((input) => input.addEventListener("change", () => {
      if (input.value === "auto") delete root.dataset.theme;
      else root.dataset.theme = input.value;
    }));
  }

  // sorting: a figure by its size, a word by the alphabet, what is missing always last
  function compare_cells(a, b, sign) {
    if (a === "" || b === "") return (a === "") - (b === "");
    const x = Number(a), y = Number(b);
    return sign * (Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en") : x - y);
  }

  function sort_table(table, column, direction) {
    const key = (row) => row.cells[column].dataset.sort;
    const sign = direction === "ascending" ? 1 : -1;
    const order = all("tbody tr", table).sort((a, b) => compare_cells(key(a), key(b), sign)
      || Number(a.dataset.row) - Number(b.dataset.row));
    table.tBodies[0].append(...order);
  }

  function sortable(table) {
    all("thead th", table).forEach((head, column) => {
      const words = head.querySelector(".sort");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.textContent = words.textContent;
      words.replaceWith(button);
      button.addEventListener("click", () => {
        const other = { ascending: "descending", descending: "ascending" };
        const direction = other[head.getAttribute("aria-sort")] || head.dataset.first;
        all("thead th", table).forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", direction);
        sort_table(table, column, direction);
        say(`Sorted by ${button.textContent}, ${direction}`);
      });
    });
  }

  // copying: cells apart by tabs, figures whole and plain, text never a formula
  const flat = (text) => text.replace(/\s+/g, " ").trim();
  const tame = (text) => (/^[=+\-@]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text);
  const figure = (text) => text.replace(/\u2212/g, "-").replace(/^([\d,]+)(\.\d+)?$/, (whole) => whole.replace(/,/g, ""));

  function plain_cell(cell) {
    if (cell.dataset.copy !== undefined) return cell.dataset.copy;
    if (cell.dataset.sort !== undefined) return tame(flat(cell.dataset.sort));
    const parts = [cell.querySelector(".sort"), cell.querySelector(".sort + small")].filter(Boolean);
    if (parts.length === 0) return tame(flat(figure(flat(cell.textContent))));
    return parts.map((part, i) => (i ? `(${flat(part.textContent)})` : flat(part.textContent))).join(" ");
  }

  function copyable() {
    document.addEventListener("copy", (event) => {
      const selection = window.getSelection();
      if (selection.rangeCount === 0) return;
      const within = selection.getRangeAt(0).commonAncestorContainer;
      const table = all("table").find((each) => each.parentElement.contains(within));
      if (!table) return;
      const lines = all("tr", table).map((row) => Array.from(row.cells).filter((cell) => selection.containsNode(cell, true)));
      const taken = lines.filter((cells) => cells.length > 0);
      if (taken.flat().length < 2) return;
      event.clipboardData.setData("text/plain", taken.map((cells) => cells.map(plain_cell).join("\t")).join("\n"));
      event.preventDefault();
    });
    find("copy").addEventListener("click", () => {
      const selection = window.getSelection();
      selection.selectAllChildren(document.querySelector("table.methods"));
      const done = document.execCommand("copy");
      selection.removeAllRanges();
      find("copied").textContent = done ? "Copied." : "The browser refused; select the table and copy it.";
      say(find("copied").textContent);
    });
  }

  // paper shows what is folded on the screen
  function unfold_for_paper() {
    let folded = [];
    window.addEventListener("beforeprint", () => {
      folded = all("details:not([open]):not(.screen-only):not(.on-screen)");
      folded.forEach((details) => { details.open = true; });
    });
    window.addEventListener("afterprint", () => folded.forEach((details) => { details.open = false; }));
  }

  function open_glossary_on_demand() {
    all('a[href="#glossary-start"]').forEach((link) => link.addEventListener("click", () => {
      find("glossary-start").closest("details").open = true;
    }));
  }

  // the bench: two lists of counts per 1,000 rows, and sums, ratios and prices of them
  function bench(facts) {
    const slider = find("threshold"), inputs = [find("false-alarm"), find("miss")];
    let curve = facts.rows[find("method").value];

    function counts(step) {
      const caught = curve.caught[step], wrong = curve.false[step], positives = 1000 * facts.prevalence;
      const missed = Math.max(0, positives - caught), alerts = caught + wrong;
      return {
        caught, missed, false: wrong, quiet: Math.max(0, 1000 - positives - wrong), alerts,
        recall: caught + missed > 0 ? caught / (caught + missed) : null,
        precision: alerts > 0 ? caught / alerts : null,
      };
    }

    const valid = (input) => input.value.trim() !== "" && input.validity.valid;
    const prices = () => (inputs.every(valid) ? inputs.map((input) => Number(input.value)) : null);
    const cost = (of, [alarm, miss]) => alarm * of.false + miss * of.missed;
    const costs = (price) => curve.threshold.map((_, step) => cost(counts(step), price));

    function cheapest(price) {
      const list = costs(price);
      return list.indexOf(Math.min(...list));
    }

    function show_counts(now, price) {
      for (const key of ["caught", "missed", "false", "alerts"]) find(key).textContent = places(now[key], 1);
      find("recall").textContent = share(now.recall);
      find("precision").textContent = share(now.precision);
      find("cost").textContent = price ? places(cost(now, price), 1) : "–";
    }

    function show_marker(now) {
      const marker = find("marker"), [left, top, right, bottom] = facts.area;
      if (!marker) return;
      marker.toggleAttribute("hidden", now.recall === null || now.precision === null);
      const x = left + (right - left) * Math.min(1, now.recall), y = bottom - (bottom - top) * Math.min(1, now.precision);
      marker.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    }

    function show_people(now) {
      const kinds = ["caught", "missed", "false", "quiet"];
      const mass = kinds.reduce((sum, kind) => sum + now[kind], 0) || 1;
      const exact = kinds.map((kind) => (1000 * now[kind]) / mass), whole = exact.map(Math.floor);
      const order = [0, 1, 2, 3].sort((a, b) => (whole[a] - exact[a]) - (whole[b] - exact[b]) || a - b);
      const left = 1000 - whole.reduce((a, b) => a + b, 0);
      order.slice(0, left).forEach((i) => { whole[i] += 1; });
      let start = 0;
      kinds.forEach((kind, i) => {
        let path = "";
        for (let cell = start; cell < start + whole[i]; cell += 1) {
          path += `M${10 * (cell % facts.columns)} ${10 * Math.floor(cell / facts.columns)}${facts.shapes[kind]}`;
        }
        find(`icons-${kind}`).setAttribute("d", path);
        start += whole[i];
      });
    }

    function show_cost_curve(price) {
      const [low_line, path] = all("path", find("cost-curve"));
      const list = price ? costs(price) : [];
      const low = Math.min(...list), high = Math.max(...list, low + 1e-9), last = Math.max(1, list.length - 1);
      const y = (value) => (46 - 44 * ((value - low) / (high - low))).toFixed(1);
      path.setAttribute("d", list.map((v, i) => `${i ? "L" : "M"}${((200 * i) / last).toFixed(1)} ${y(v)}`).join(""));
      low_line.setAttribute("d", price ? `M${((200 * cheapest(price)) / last).toFixed(1)} 0V48` : "");
    }

    function show() {
      const step = Number(slider.value), now = counts(step), price = prices(), at = three(curve.threshold[step]);
      find("threshold-shown").textContent = at;
      find("threshold-said").textContent = at;
      find("prices-said").textContent = price ? `a false alarm ${price[0]}, a miss ${price[1]}` : "–";
      slider.setAttribute("aria-valuetext",
        `${at}: ${places(now.alerts, 1)} alerts per 1,000 rows, ${share(now.recall)} of the positives found`);
      show_counts(now, price);
      show_marker(now);
      show_people(now);
      // whoever moves the slider hears its own text at once: threshold, alerts and recall are not told twice
      const told = document.activeElement === slider ? "" : `Threshold ${at}. ${places(now.alerts, 1)} alerts, `;
      say(`${told}${places(now.caught, 1)} positives found, ${places(now.missed, 1)} missed, `
        + `${places(now.false, 1)} false alarms per 1,000 rows` + (price ? `, cost ${places(cost(now, price), 1)}.` : "."));
    }

    function pick_curve(row) {
      curve = facts.rows[row];
      slider.max = String(curve.threshold.length - 1);
      slider.value = String(curve.start);
      show_cost_curve(prices());
      show();
    }

    function reprice() {
      inputs.forEach((input) => input.setAttribute("aria-invalid", String(!valid(input))));
      find("price-error").textContent = inputs.every(valid) ? "" : "A cost must be a number, 0 or more.";
      find("cheapest").disabled = !prices();
      show_cost_curve(prices());
      show();
    }

    function go(step) {
      slider.value = String(step);
      show();
    }

    slider.addEventListener("input", show);
    inputs.forEach((input) => input.addEventListener("input", reprice));
    find("cheapest").addEventListener("click", () => go(cheapest(prices())));
    find("home").addEventListener("click", () => go(curve.start));
    document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
    show_cost_curve(prices());
    return pick_curve;
  }

  // one method is looked at in all pictures; whichever list it was picked from, the other follows
  function choosable_method(pick_curve) {
    const lists = all("select.method");
    lists.forEach((list) => list.addEventListener("change", () => {
      const row = list.value, name = list.selectedOptions[0].textContent;
      lists.forEach((other) => { if (all("option", other).some((each) => each.value === row)) other.value = row; });
      bring_forward(row);
      const groups = all(".chosen-row");
      if (groups.some((group) => group.dataset.row === row)) {
        groups.forEach((group) => group.toggleAttribute("hidden", group.dataset.row !== row));
      }
      all(".picked-name").forEach((label) => { label.textContent = name; });
      if (pick_curve && find("method").value === row) pick_curve(row);
    }));
  }

  function bring_forward(row) {
    const picture = find("pr");
    if (!picture) return;
    all(".curve", picture).forEach((line) => line.classList.toggle("picked", line.dataset.row === row));
    const picked = picture.querySelector(".picked"), reference = find("reference-key");
    const above = picture.querySelector(".over, .untouched, .marker");
    all(".reference, .picked", picture).sort((line) => (line === picked ? 1 : -1))
      .forEach((line) => picture.insertBefore(line, above));
    if (reference) reference.hidden = Boolean(picked && picked.classList.contains("reference"));
  }

  wake();
  choosable_theme();
  all("table.sortable").forEach(sortable);
  copyable();
  unfold_for_paper();
  open_glossary_on_demand();
  const facts = JSON.parse(find("facts").textContent);
  choosable_method(facts ? bench(facts) : null);
})();
