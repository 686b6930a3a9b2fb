"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // Charts: the point under the pointer, or under the arrow keys, is read out.
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const plot = figure.querySelector(".plot");
    const cursor = figure.querySelector(".cursor");
    const readout = figure.querySelector(".readout");
    const resting = readout.textContent;
    const span = data.to - data.from || 1;
    let at = -1;
    const show = (index) => {
      if (!data.times.length) return;
      at = Math.max(0, Math.min(data.times.length - 1, index));
      const time = data.times[at];
      cursor.style.display = "block";
      cursor.style.left = ((time - data.from) / span) * 100 + "%";
      const words = [new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ")];
      for (const row of data.rows) if (row.values[at]) words.push(row.name + " " + row.values[at]);
      readout.textContent = words.join(" · ");
    };
    const nearest = (time) => {
      let low = 0, high = data.times.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (data.times[middle] < time) low = middle + 1; else high = middle;
      }
      return low > 0 && time - data.times[low - 1] < data.times[low] - time ? low - 1 : low;
    };
    const leave = () => { cursor.style.display = "none"; readout.textContent = resting; at = -1; };
    const follow = (event) => {
      const box = plot.getBoundingClientRect();
      show(nearest(data.from + ((event.clientX - box.left) / box.width) * span));
    };
    plot.addEventListener("pointermove", follow);
    plot.addEventListener("pointerdown", follow);
    plot.addEventListener("pointerleave", leave);
    plot.addEventListener("blur", leave);
    plot.addEventListener("keydown", (event) => {
      const far = event.shiftKey ? 10 : 1;
      const to = { ArrowLeft: at - far, ArrowRight: at + far, Home: 0, End: data.times.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(to);
    });
  }

  // Tables: a heading sorts its column, by number where all of it is numbers; what is empty stays last.
  const numeric = (text) => {
    const bare = text.replace(/[,+%×\s]/g, "");
    return bare !== "" && !Number.isNaN(Number(bare)) ? Number(bare) : null;
  };
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const down = heading.getAttribute("aria-sort") === "ascending";
        headings.forEach((other) => other.setAttribute("aria-sort", "none"));
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].map((row) => {
          const text = row.cells[column].textContent.trim();
          return { row, text, empty: text === "" || text === "not available", number: numeric(text) };
        });
        const byNumber = rows.every((it) => it.empty || it.number !== null);
        rows.sort((one, other) => {
          if (one.empty || other.empty) return Number(one.empty) - Number(other.empty);
          const order = byNumber ? one.number - other.number : one.text.localeCompare(other.text);
          return down ? -order : order;
        });
        body.append(...rows.map((it) => it.row));
      });
    });
  }

  // Filters: rows that hold all the words, and the outcome that was chosen.
  for (const filter of document.querySelectorAll(".filter")) {
    const table = document.getElementById(filter.dataset.table);
    const words = filter.querySelector("input");
    const outcome = filter.querySelector("select");
    const shown = filter.querySelector("output");
    const apply = () => {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let number = 0;
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        const fits = wanted.every((word) => text.includes(word)) && (!outcome || !outcome.value || row.dataset.outcome === outcome.value);
        row.hidden = !fits;
        if (fits) number += 1;
      }
      shown.textContent = number + " of " + table.tBodies[0].rows.length + " shown";
    };
    words.addEventListener("input", apply);
    if (outcome) outcome.addEventListener("change", apply);
    apply();
  }
  root.dataset.ready = "yes";
})();
