"use strict";
// Builds the page from the data block. Texts of rows only ever become text nodes, never markup.

const { rows, words } = JSON.parse(document.getElementById("data").textContent);
const controls = Object.fromEntries(["search", "flag", "problem", "role", "tokens"].map((id) => [id, document.getElementById(id)]));
const FOLD_CHARACTERS = 4000;

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// A run is a text shown as it is, or a pair: how a hidden character is spelled, and the character.
const shownOf = (run) => (typeof run === "string" ? run : run[0]);
const rawOf = (run) => (typeof run === "string" ? run : run[1]);

function appendText(parent, text, needle) {
  if (!needle) { parent.append(text); return; }
  const lower = text.toLowerCase();
  let start = 0;
  // A letter such as İ is longer in lower case: then places would not match, and nothing is marked.
  if (lower.length === text.length) {
    for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, start)) {
      parent.append(text.slice(start, at), make("mark", "", text.slice(at, at + needle.length)));
      start = at + needle.length;
    }
  }
  parent.append(text.slice(start));
}

function appendRuns(parent, runs, needle) {
  for (const run of runs) {
    if (typeof run === "string") { appendText(parent, run, needle); continue; }
    const chip = make("span", "hidden", run[0]);
    chip.title = words.hidden_title;
    parent.append(chip);
  }
}

function tokenTitle(segment, number) {
  const ids = segment.ids.join(", ");
  return fill(segment.ids.length > 1 ? words.tokens_title : words.token_title, { number, ids });
}

function appendPieces(parent, pieces, { cut = false, needle = "", borders = false } = {}) {
  let number = 1;
  for (const piece of pieces) {
    const classes = ["piece", piece.trained && "trained", piece.special && "special", cut && "cut"].filter(Boolean).join(" ");
    const span = make("span", classes);
    if (borders) {
      for (const segment of piece.segments) {
        if (!segment.ids.length) { appendRuns(span, segment.runs, needle); continue; }
        const token = make("span", "token");
        token.title = tokenTitle(segment, number);
        appendRuns(token, segment.runs, needle);
        span.append(token);
        number += segment.ids.length;
      }
    } else {
      const count = piece.segments.reduce((sum, segment) => sum + segment.ids.length, 0);
      if (count) span.title = fill(piece.trained ? words.trained_title : words.untrained_title, { count });
      // One text for the whole piece, so that a word found by the search may cross tokens.
      appendRuns(span, joined(piece.segments.flatMap((segment) => segment.runs)), needle);
    }
    parent.append(span);
  }
}

function joined(runs) {
  const result = [];
  for (const run of runs) {
    if (typeof run === "string" && typeof result.at(-1) === "string") result[result.length - 1] += run;
    else result.push(run);
  }
  return result;
}

const textOf = (pieces) => pieces.map((piece) => piece.segments.map((segment) => segment.runs.map(rawOf).join("")).join("")).join("");

function turnsLine(row) {
  const line = make("div", "turns");
  row.turns.forEach((turn, index) => {
    if (index) line.append(" · ");
    line.append(`${turn.role} ${turn.tokens}`);
    if (turn.trained) line.append(" ", make("b", "", fill(words.trained_count, { count: turn.trained })));
  });
  if (row.template) line.append(` · ${words.template} ${row.template}`);
  return line;
}

function bar(row) {
  const total = Math.max(row.tokens + row.cutTokens, row.limit, 1);
  const element = make("div", "bar");
  element.title = fill(words.bar_title, { tokens: row.tokens + row.cutTokens, limit: row.limit });
  for (const [count, name] of [[row.tokens - row.trained, ""], [row.trained, "trained"], [row.cutTokens, "cut"]]) {
    if (!count) continue;
    const part = make("i", name);
    part.style.setProperty("width", `${(100 * count) / total}%`);
    element.append(part);
  }
  return element;
}

function textBlock(row, needle) {
  const borders = controls.tokens.checked;
  const block = make("div", "text");
  block.dir = "auto";
  const cut = () => {
    if (!row.cut.length) return;
    block.append(make("span", "scissors", `✂ ${fill(words.cut_count, { count: row.cutTokens })}`));
    appendPieces(block, row.cut, { cut: true, needle, borders });
  };
  if (row.cutAtStart) cut();
  appendPieces(block, row.pieces, { needle, borders });
  if (!row.cutAtStart) cut();
  return block;
}

function foldable(parent, block, row, open) {
  parent.append(block);
  if (row.searched.length <= FOLD_CHARACTERS || open) return;
  block.classList.add("folded");
  const button = make("button", "unfold", words.unfold);
  button.type = "button";
  button.addEventListener("click", () => { row.open = true; block.classList.remove("folded"); button.remove(); });
  parent.append(button);
}

function fillBody(row, needle) {
  row.body.replaceChildren();
  if (row.pieces.length) foldable(row.body, textBlock(row, needle), row, row.open || needle);
  if (row.rejected.length) {
    row.body.append(make("h3", "", words.rejected));
    const block = make("div", "text");
    block.dir = "auto";
    appendPieces(block, row.rejected, { needle, borders: controls.tokens.checked });
    row.body.append(block);
  }
  if (row.record.length) {
    row.body.append(make("h3", "", words.as_read));
    const block = make("div", "text");
    block.dir = "auto";
    appendRuns(block, row.record, needle);
    foldable(row.body, block, row, row.open || needle);
  }
}

function countsOf(row) {
  return row.unusable ? fill(words.counts_unused, { tokens: row.tokens + row.cutTokens }) : fill(words.counts, row);
}

function card(row, index) {
  const article = make("article", row.unusable ? "row unusable" : "row");
  article.id = `row-${index + 1}`;
  const link = make("a", "", row.place);
  link.href = `#${article.id}`;
  if (row.pieces.length) article.append(make("span", "counts", countsOf(row)));
  article.append(make("h2", "", link));
  for (const flag of row.flags) {
    article.append(make("span", `flag ${flag === "unusable" ? "bad" : flag === "plain" || flag === "rejected" ? "" : "warn"}`, row.flagNames[flag] ?? words.flags[flag]));
  }
  if (row.turns.length) article.append(turnsLine(row));
  if (row.pieces.length) article.append(bar(row));
  for (const problem of row.problems) {
    const box = make("div", row.unusable ? "problem" : "problem note");
    box.dir = "auto";
    box.append(make("code", "", problem.code));
    appendRuns(box, problem.runs, "");
    article.append(box);
  }
  row.body = make("div", "body");
  article.append(row.body);
  row.article = article;
  return article;
}

function addOptions(select, counts, nameOf) {
  for (const [value, count] of counts) {
    const option = make("option", "", `${nameOf(value)} (${count})`);
    option.value = value;
    select.append(option);
  }
  select.disabled = !counts.size;
}

function counted(valuesOf) {
  const counts = new Map();
  for (const row of rows) for (const value of new Set(valuesOf(row))) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

const rolesOf = (row) => row.turns.map((turn) => turn.role);
const codesOf = (row) => row.problems.map((problem) => problem.code);

function matches(row, needle) {
  const { flag, problem, role } = controls;
  return (!needle || row.searched.includes(needle))
    && (!flag.value || row.flags.includes(flag.value))
    && (!problem.value || codesOf(row).includes(problem.value))
    && (!role.value || rolesOf(row).includes(role.value));
}

let latest;
function refresh() {
  const needle = controls.search.value.toLowerCase();
  const state = `${needle}\n${controls.tokens.checked}`;
  let count = 0;
  for (const row of rows) {
    const isShown = matches(row, needle);
    row.article.hidden = !isShown;
    count += isShown;
    if (isShown && row.state !== state) { row.state = state; fillBody(row, needle); }
  }
  document.getElementById("shown").textContent = fill(words.shown, { count, total: rows.length });
  none.hidden = count > 0;
}

const none = make("p", "none", words.none);
rows.forEach((row, index) => {
  row.searched = [row.place, textOf(row.pieces), textOf(row.cut), textOf(row.rejected), row.record.map(rawOf).join(""),
    ...row.problems.map((problem) => `${problem.code} ${problem.runs.map(shownOf).join("")}`)].join("\n").toLowerCase();
  document.getElementById("rows").append(card(row, index));
});
document.getElementById("rows").append(none);
addOptions(controls.flag, counted((row) => row.flags), (value) => words.flags[value]);
addOptions(controls.problem, counted(codesOf), (value) => value);
addOptions(controls.role, counted(rolesOf), (value) => value);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
controls.search.addEventListener("input", () => { clearTimeout(latest); latest = setTimeout(refresh, 120); });
for (const id of ["flag", "problem", "role", "tokens"]) controls[id].addEventListener("change", refresh);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== controls.search) { event.preventDefault(); controls.search.focus(); }
});
refresh();
