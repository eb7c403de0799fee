// The way back to the portal, on every page of Kolibri. Data attributes carry the two addresses.
(function () {
  "use strict";
  var script = document.currentScript;
  var chemin = script.getAttribute("data-chemin");
  var formateur = script.getAttribute("data-formateur");

  function poser() {
    var coach = /\/(coach|facility|device)\//.test(window.location.pathname);
    var barre = document.createElement("nav");
    barre.id = "pirogue-retour";
    barre.setAttribute("aria-label", "Retour");
    var lien = document.createElement("a");
    lien.href = coach ? formateur : chemin;
    lien.textContent = coach ? "← Ma séance" : "← Mon chemin";
    barre.appendChild(lien);
    document.body.insertBefore(barre, document.body.firstChild);
    document.documentElement.classList.add("pirogue");
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", poser);
  } else {
    poser();
  }
})();
