// Reads the screen aloud: the voice button plays at once, and so does the key A. Without this file the button
// opens the browser's own player. Nothing else on any page needs JavaScript.
(function () {
  "use strict";
  var voix = document.querySelector("details.voix");
  if (!voix) return;
  var son = voix.querySelector("audio");
  function jouer() {
    if (!son.paused) return son.pause();
    son.currentTime = 0;
    var promesse = son.play();
    if (promesse) promesse.catch(function () { voix.open = true; });
  }
  voix.querySelector("summary").addEventListener("click", function (evenement) {
    evenement.preventDefault();
    jouer();
  });
  document.addEventListener("keydown", function (evenement) {
    var la = evenement.target;
    var ecrit = la.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(la.tagName);
    if (ecrit || evenement.ctrlKey || evenement.altKey || evenement.metaKey) return;
    if (evenement.key === "a" || evenement.key === "A") jouer();
  });
  son.addEventListener("play", function () { voix.classList.add("parle"); });
  ["pause", "ended"].forEach(function (nom) {
    son.addEventListener(nom, function () { voix.classList.remove("parle"); });
  });
})();
