// Filters the claims by words, verdict, state and page. Without this script every claim shows.
(() => {
  "use strict";
  const form = document.querySelector("form.verdict-filter");
  const claims = [...document.querySelectorAll("#verdicts-list .claim")];
  if (!form || !claims.length) return;
  const count = form.querySelector(".verdict-count");
  const fields = ["words", "verdict", "state", "page"];
  const plain = (text) => text.toLowerCase().replace(/[“”]/g, '"').replace(/[‘’]/g, "'");
  const texts = claims.map((claim) => plain(claim.textContent));

  function apply() {
    const wanted = Object.fromEntries(new FormData(form));
    const words = plain(wanted.words).split(/\s+/).filter(Boolean);
    let shown = 0;
    claims.forEach((claim, i) => {
      const fits = words.every((word) => texts[i].includes(word)) &&
        fields.slice(1).every((name) => !wanted[name] || claim.dataset[name] === wanted[name]);
      claim.hidden = !fits;
      shown += fits;
    });
    count.textContent = `${shown} of ${claims.length} claims shown`;
    const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
    try {                               // the filter can be linked to; a file may not rewrite its address
      history.replaceState(null, "", (query.size ? `?${query}` : location.pathname) + location.hash);
    } catch { /* */ }
  }

  const given = new URLSearchParams(location.search);
  fields.forEach((name) => {
    const field = form.elements[name];
    field.value = given.get(name) ?? "";
    if (field.selectedIndex === -1) field.value = "";
  });
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  apply();
  // A link to one claim shows it, whatever the filter says.
  const show = () => {
    const claim = location.hash && document.getElementById(location.hash.slice(1));
    if (claim?.hidden) { claim.hidden = false; claim.scrollIntoView(); }
  };
  addEventListener("hashchange", show);
  show();
})();
