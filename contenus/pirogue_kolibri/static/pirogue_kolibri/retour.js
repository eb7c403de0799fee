// The way back to the portal, on every page of Kolibri: first thing in Kolibri's own top bar, so that it hides
// nothing; on a page without a bar, at the top left. Kolibri redraws its pages without loading them again: we watch.
(function () {
  "use strict";
  var script = document.currentScript;
  var adresses = { jeune: script.getAttribute("data-chemin"), formateur: script.getAttribute("data-formateur") };
  var lien = document.createElement("a");
  lien.id = "pirogue-retour";
  var prevu = false;

  // Kolibri greets each newcomer with a window about itself; here the portal has already welcomed everybody.
  var lire = Storage.prototype.getItem;
  Storage.prototype.getItem = function (cle) {
    return String(cle).indexOf("DEVICE_WELCOME_MODAL_DISMISSED-") === 0 ? "true" : lire.call(this, cle);
  };

  function placer() {
    prevu = false;
    var formateur = /\/(coach|facility|device)\//.test(window.location.pathname);
    var adresse = formateur ? adresses.formateur : adresses.jeune;
    if (lien.getAttribute("href") !== adresse) {
      lien.setAttribute("href", adresse);
      lien.textContent = formateur ? "← Ma séance" : "← Mon chemin";
    }
    // A window of Kolibri's (« Ressource achevée ») covers its bar: the way back then comes before the window.
    var barre = document.querySelector(".modal-overlay") ? null : document.querySelector(".k-toolbar");
    var hote = barre || document.body;
    if (lien.parentNode !== hote || (barre && barre.firstChild !== lien)) {
      lien.className = barre ? "pirogue-dans-barre" : "pirogue-seul";
      hote.insertBefore(lien, hote.firstChild);
    }
  }

  function bientot() {
    if (!prevu) {
      prevu = true;
      window.requestAnimationFrame(placer);
    }
  }

  function commencer() {
    placer();
    new MutationObserver(bientot).observe(document.body, { childList: true, subtree: true });
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", commencer);
  } else {
    commencer();
  }
})();
