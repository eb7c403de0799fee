// The roll without reloading: a tap is sent as the form would be, and the page that comes back replaces the roll in
// place, so nothing moves under the finger. Taps go one after the other, each with the state then on the screen.
// Without this file, or when anything fails, the forms work by themselves.
(function () {
  "use strict";
  var appel = document.getElementById("appel");
  if (!appel || !window.fetch || !window.DOMParser) return;
  var attente = [], occupe = false;

  function retrouver(geste) {
    return Array.prototype.find.call(appel.querySelectorAll("form"), function (formulaire) {
      if (formulaire.getAttribute("action") !== geste.action) return false;
      return !geste.nom || formulaire.querySelector('button[name="' + geste.nom + '"][value="' + geste.valeur + '"]');
    });
  }
  function suivre() {
    var geste = attente.shift();
    if (!geste) { occupe = false; return; }
    var formulaire = retrouver(geste);
    if (!formulaire) return suivre();
    var champs = new URLSearchParams(new FormData(formulaire));
    if (geste.nom) champs.set(geste.nom, geste.valeur);
    occupe = true;
    fetch(geste.action, { method: "POST", body: champs, credentials: "same-origin" }).then(function (reponse) {
      if (!reponse.ok) throw new Error(reponse.status);
      return reponse.text();
    }).then(function (texte) {
      var neuf = new DOMParser().parseFromString(texte, "text/html").getElementById("appel");
      if (!neuf) throw new Error("autre page");
      appel.innerHTML = neuf.innerHTML;
      if (appel.querySelector(".compteur .message")) attente = [];
      var revenu = retrouver({ action: geste.action });
      if (revenu && revenu.querySelector("button")) revenu.querySelector("button").focus({ preventScroll: true });
      suivre();
    }).catch(function () {
      attente = []; occupe = false;
      var cache = document.createElement("input");
      cache.type = "hidden"; cache.name = geste.nom || ""; cache.value = geste.valeur || "";
      var encore = retrouver(geste);
      if (!encore) return location.reload();
      if (geste.nom) encore.appendChild(cache);
      encore.submit();
    });
  }
  appel.addEventListener("submit", function (evenement) {
    var formulaire = evenement.target, bouton = evenement.submitter;
    if (!/\/(appel\/[^/]+|reste|tetes)$/.test(formulaire.getAttribute("action") || "")) return;
    if (formulaire.querySelector("input[name=tetes]:not([type=hidden])")) return; // a typed number: the browser checks it
    evenement.preventDefault();
    attente.push({ action: formulaire.getAttribute("action"), nom: bouton && bouton.name, valeur: bouton && bouton.value });
    if (!occupe) suivre();
  });
})();
