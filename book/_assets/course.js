// The book's own script: guesses kept in the reader's browser, names for the solutions' buttons,
// and a search page that works when the book is opened as a file.
(() => {
  "use strict";
  const kept = {                       // storage may be switched off: then nothing is kept
    read(key) { try { return localStorage.getItem(key) ?? ""; } catch { return ""; } },
    write(key, text) {
      try { text ? localStorage.setItem(key, text) : localStorage.removeItem(key); } catch { /* */ }
    },
  };

  function addGuess(box, index) {
    const key = `bertgpt:guess:${location.pathname.replace(/\.html$/, "")}:${index}`;
    const label = document.createElement("label");
    const field = document.createElement("textarea");
    field.id = `guess-${index}`;
    field.rows = 1;
    field.value = kept.read(key);
    field.title = "Kept in this browser only";
    field.addEventListener("input", () => kept.write(key, field.value));
    label.htmlFor = field.id;
    label.textContent = "Your guess";
    const line = document.createElement("div");
    line.className = "guess";
    line.append(label, field);
    box.append(line);
  }

  // A solution's button is named after the solution, and a click anywhere on its title opens it;
  // a link in the title stays a link.
  function mendButton(button) {
    const title = button.closest(".admonition-title");
    if (!title) return;
    button.setAttribute("aria-label", title.textContent.trim().replace(/\s+/g, " "));
    title.addEventListener("click", (event) => {
      if (event.target === title || event.target === button) return;
      event.stopImmediatePropagation();
      if (!event.target.closest("a")) button.click();
    }, true);
  }

  // What scrolls inside itself must take the focus, so that the arrow keys scroll it.
  const wide = ".bd-article :is(pre, .output, mjx-container, div.math, .pst-scrollable-table-container)";
  function letKeysScroll() {
    document.querySelectorAll(wide).forEach((region) => {
      if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
    });
  }

  if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined")
    DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;   // excerpts would need a server

  addEventListener("DOMContentLoaded", () => {
    const side = document.querySelector("#pst-primary-sidebar");     // a landmark needs a name
    side?.setAttribute("role", "complementary");
    side?.setAttribute("aria-label", "The book");
    document.querySelectorAll(".bd-sidebar-primary summary").forEach((summary) => {
      const chapter = summary.closest("li")?.querySelector("a")?.textContent.trim();
      summary.setAttribute("aria-label", `Sections of ${chapter}`);
    });
    document.querySelectorAll(".prediction").forEach(addGuess);
    document.querySelectorAll("button.toggle-button").forEach(mendButton);
  });
  addEventListener("load", letKeysScroll);
  addEventListener("resize", letKeysScroll);
})();
