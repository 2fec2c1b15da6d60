"use strict";
// Sorting, filtering and details. Without it the page says the same, only in one order.
document.documentElement.classList.add("script");

const SHOWN = 200; // findings that are shown at once, and added at a time
const VERDICTS = ["proved", "likely", "tolerated", "unknown", "unrelated", "not seen", "no finding"];

const KEYS = {
  text: (text) => text.toLowerCase(),
  number: (text) => Number(text.replaceAll(",", "")),
  verdict: (text) => VERDICTS.indexOf(text),
  // The numbers of an address compare as numbers.
  address: (text) => text.toLowerCase().replace(/[0-9]+/g, (digits) => digits.padStart(6, "0")),
};

// Puts a button into each header that sorts; `order` gets the choice.
function makeSortable(table, order) {
  const headers = Array.from(table.tHead.rows[0].cells);
  headers.forEach((header, column) => {
    const kind = header.dataset.sort;
    if (!kind)
      return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    header.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const down = header.getAttribute("aria-sort") === "ascending";
      headers.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      order(column, kind, down);
    });
  });
}

// Sorts items by a text of each; equal ones keep their order.
function sorted(items, textOf, kind, down) {
  const keyed = items.map((item, index) => ({ item, index, key: KEYS[kind](textOf(item)) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (down ? -1 : 1) || a.index - b.index);
  return keyed.map((entry) => entry.item);
}

function makePlain(table) {
  const body = table.tBodies[0];
  makeSortable(table, (column, kind, down) =>
    body.append(...sorted(Array.from(body.rows), (row) => row.cells[column].textContent.trim(), kind, down)));
}

function copyButton(text, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy " + label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(button.previousElementSibling);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = "Selected";
    }
  });
  return button;
}

function addFact(list, name, text, copied) {
  const term = document.createElement("dt");
  const value = document.createElement("dd");
  term.textContent = name;
  if (copied) {
    const code = document.createElement("code");
    code.textContent = text;
    value.append(code, copyButton(text, name));
  } else {
    value.textContent = text;
  }
  list.append(term, value);
}

// All that is known of one finding: its row, and the row of its rule.
function showDetails(row) {
  const text = (column) => row.cells[column].textContent.trim();
  const rule = document.getElementById("rule-" + text(2));
  const frame = text(10);
  const connection = [text(5), text(6)].map((end) => end.split(" :")).map(([address, port]) =>
    (address.includes(":") ? "ipv6.addr" : "ip.addr") + " == " + address + " && tcp.port == " + port).join(" && ");
  const body = document.getElementById("details-body");
  const command = row.cells[3].firstElementChild.cloneNode(true);
  const list = document.createElement("dl");
  document.getElementById("details-title").textContent = "Finding " + text(0) + ": " + text(2) + ", " + text(1);
  command.classList.add("command");
  addFact(list, "User", text(4));
  addFact(list, "From, to", text(5) + " to " + text(6));
  addFact(list, "Answer", text(7));
  addFact(list, "Time (UTC)", text(8));
  if (rule) {
    addFact(list, "Rule", rule.cells[2].textContent);
    addFact(list, "Reference", rule.cells[3].textContent);
    addFact(list, "Remedy", rule.cells[4].textContent);
  }
  addFact(list, "Capture", text(9));
  addFact(list, "The frame", frame, true);
  addFact(list, "The connection", connection, true);
  addFact(list, "With tshark", "tshark -r '" + text(9).replaceAll("'", "'\\''") + "' -Y '" + frame + "'", true);
  body.replaceChildren(command, list);
  document.getElementById("details").showModal();
}

// A finding that is not shown is kept as the text of its row, which the page wrote: all that came from elsewhere is escaped
// in it, so that every < begins a tag.
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: "\u00A0" };

function plainText(html) {
  return html.replace(/<[^>]*>/g, "").replace(/&(#?[a-z0-9]+);/g, (all, name) => ENTITIES[name] ?? all).trim();
}

function cellsOf(finding) {
  finding.cells ??= finding.html.split("<td").slice(1).map((cell) => plainText(cell.slice(cell.indexOf(">") + 1)));
  return finding.cells;
}

function allFindings(table) {
  const rest = document.getElementById("rest");
  const first = Array.from(table.tBodies[0].rows, (row) => row.outerHTML);
  const others = rest ? rest.textContent.split("\n<tr>").slice(1) : [];
  if (others.length > 0)
    others.push(others.pop().split("\n</table>")[0]);
  return first.concat(others.map((row) => "<tr>" + row)).map((html) => ({ html, cells: null, text: null }));
}

// The number of a row that is shown opens its details, and its rule leads to what is said of it.
function dress(row) {
  const cell = row.cells[0];
  const rule = row.cells[2];
  if (cell.firstElementChild)
    return;
  const link = document.createElement("a");
  link.href = "#rule-" + rule.textContent;
  link.append(...rule.childNodes);
  rule.append(link);
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", "Details of finding " + cell.textContent);
  button.append(...cell.childNodes);
  cell.append(button);
}

function makeFindings(table) {
  const count = document.getElementById("count");
  const search = document.getElementById("search");
  const verdict = document.getElementById("verdict");
  const rule = document.getElementById("rule");
  const more = document.getElementById("more");
  const total = Number(table.dataset.rows);
  const body = table.tBodies[0];
  let all = null; // every finding, in its order; taken at first need
  let limit = SHOWN;

  const take = () => all ??= allFindings(table);
  const said = (matching, shown) => {
    count.textContent = matching.toLocaleString("en") + " of " + total.toLocaleString("en") + " findings match, " +
      shown.toLocaleString("en") + " shown";
    more.hidden = shown >= matching;
  };
  const matches = (finding, wanted) => {
    if (verdict.value && cellsOf(finding)[1] !== verdict.value || rule.value && cellsOf(finding)[2] !== rule.value)
      return false;
    if (!wanted)
      return true;
    finding.text ??= cellsOf(finding).join("\n").toLowerCase();
    return finding.text.includes(wanted);
  };
  const render = () => {
    const wanted = search.value.trim().toLowerCase();
    const matching = take().filter((finding) => matches(finding, wanted));
    const shown = matching.slice(0, limit);
    body.innerHTML = shown.map((finding) => finding.html).join("");
    Array.from(body.rows).forEach(dress);
    said(matching.length, shown.length);
  };
  const fresh = () => {
    limit = SHOWN;
    render();
  };
  if (total === 0)
    return;
  makeSortable(table, (column, kind, down) => {
    all = sorted(take(), (finding) => cellsOf(finding)[column], kind, down);
    fresh();
  });
  for (const row of document.querySelectorAll(".rules tbody tr[data-finding]")) {
    const option = document.createElement("option");
    option.textContent = row.cells[0].textContent;
    rule.append(option);
  }
  search.addEventListener("input", fresh);
  verdict.addEventListener("change", fresh);
  rule.addEventListener("change", fresh);
  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("filters").hidden = false;
  document.getElementById("more-button").addEventListener("click", () => {
    const next = body.rows.length;
    limit += 5 * SHOWN;
    render();
    body.rows[next]?.cells[0].firstElementChild.focus();
  });
  body.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button)
      showDetails(button.closest("tr"));
  });
  Array.from(body.rows).forEach(dress);
  said(total, body.rows.length);
}

document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table.sortable"))
    if (table.id === "finding-table")
      makeFindings(table);
    else
      makePlain(table);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
});
