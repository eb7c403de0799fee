// The way back to the portal, on every page of Kolibri: first thing in Kolibri's own top bar, so that it hides
// nothing; on a page without a bar, at the top left; inside the window that ends a lesson. Kolibri redraws its
// pages without loading them again: we watch.
(function () {
  "use strict";
  var script = document.currentScript;
  var adresses = { jeune: script.getAttribute("data-chemin"), formateur: script.getAttribute("data-formateur") };
  var COURT_MS = 8000;
  var lien = document.createElement("a");
  lien.id = "pirogue-retour";
  // Kolibri's last window takes any Enter for « Continuer ».
  lien.addEventListener("keyup", function (touche) {
    touche.stopPropagation();
  });
  lien.addEventListener("click", viser, true);
  var prevu = false;
  var article = null;

  // Kolibri greets each newcomer with a window about itself; here the portal has already welcomed everybody.
  var lire = Storage.prototype.getItem;
  Storage.prototype.getItem = function (cle) {
    return String(cle).indexOf("DEVICE_WELCOME_MODAL_DISMISSED-") === 0 ? "true" : lire.call(this, cle);
  };

  // Where the link leads: the trainer's page, or the youth's path, told which lesson she comes from.
  function viser() {
    var formateur = /\/(coach|facility|device)\//.test(window.location.pathname);
    var lecon = /^#\/topics\/c\/([0-9a-f]{32})/.exec(window.location.hash);
    var adresse = formateur ? adresses.formateur : adresses.jeune + (lecon ? "?de=" + lecon[1] : "");
    if (lien.getAttribute("href") !== adresse) {
      lien.setAttribute("href", adresse);
      lien.textContent = formateur ? "← Ma séance" : "← Mon chemin";
    }
  }

  function poser(hote, avant, classe) {
    if (lien.parentNode === hote && lien.nextSibling === avant) {
      return false;
    }
    lien.className = classe;
    hote.insertBefore(lien, avant);
    return true;
  }

  // « Ressource achevée »: two big choices, go on or go back; the rest of that window is for another day.
  function finir(fermer) {
    var fenetre = fermer.closest(".modal");
    fenetre.setAttribute("data-pirogue", "fini");
    fenetre.querySelectorAll(".completion-modal-section").forEach(function (section) {
      var suite = section.querySelector("a[href]") && !section.querySelector('[data-testid="recommended-resource"]');
      section.setAttribute("data-pirogue", suite ? "suite" : "autre");
    });
    if (poser(fermer.parentNode, fermer, "pirogue-dans-fenetre")) {
      lien.focus({ preventScroll: true });
    }
  }

  // Kolibri finishes an article when it is scrolled to its end, and never one that fits the screen.
  function surveiller() {
    var present = document.querySelector(".safe-html-wrapper");
    if (present && present !== article) {
      window.setTimeout(function () {
        if (present.isConnected && present.scrollHeight <= present.clientHeight) {
          present.dispatchEvent(new Event("scroll"));
        }
      }, COURT_MS);
    }
    article = present;
  }

  function placer() {
    prevu = false;
    viser();
    surveiller();
    var fermer = document.querySelector(".modal-overlay > .modal .close-button");
    var barre = document.querySelector(".k-toolbar");
    if (fermer) {
      finir(fermer);
    } else if (barre && !document.querySelector(".modal-overlay")) {
      poser(barre, lien.parentNode === barre ? lien.nextSibling : barre.firstChild, "pirogue-dans-barre");
    } else {
      poser(document.body, lien.parentNode === document.body ? lien.nextSibling : document.body.firstChild, "pirogue-seul");
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
